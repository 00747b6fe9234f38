import { types } from 'node:util'
import { LeluError } from '../errors.ts'
import type { Notification } from './notification.ts'
import { isSigned, webhookKey } from './webhook-signature.ts'

/** Of a request: the Headers of a fetch handler, or those of node:http. */
export type WebhookHeaders =
  | Headers
  | Readonly<Record<string, string | readonly string[] | undefined>>

/** Of `verifyWebhook`: the clock, and how far the sender's may be off. */
export type VerifyWebhookOptions = {
  /** Epoch milliseconds. Default `Date.now`. */
  now?: () => number
  /** How far the time of the request may be from ours, both ways. Default 300. */
  toleranceSeconds?: number
}

function refused(why: string, help: string): LeluError {
  return new LeluError('LELU_WEBHOOK_REFUSED', `This is no notification of Lelu: ${why}.`, { help })
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const found =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return typeof found === 'string' ? found : ''
}

/**
 * Checks a notification that a receiver got, and answers it with its id. `body` is what came, byte for byte, never JSON
 * that was parsed and written again. Throws `LELU_WEBHOOK_REFUSED`: answer 401, and do nothing. The same id may come
 * more than once; whoever acts on it keeps the ids of the tolerance at least.
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array,
  secrets: string | readonly string[],
  { now = Date.now, toleranceSeconds = 300 }: VerifyWebhookOptions = {},
): Notification & { id: string } {
  const given: readonly unknown[] = Array.isArray(secrets) ? secrets : [secrets]
  const keys = given.map(webhookKey).filter((key) => key !== undefined)
  if (keys.length === 0 || keys.length < given.length) {
    throw refused('the secret it is checked with is none', 'Pass `whsec_…` as the sender has it.')
  }
  if (typeof headers !== 'object' || headers === null) {
    throw refused('it has no headers', 'Pass all headers of the request.')
  }
  if (typeof body !== 'string' && !types.isUint8Array(body)) {
    const help =
      'Pass what came, byte for byte: in Express `express.raw()` for this route, else `await request.text()`. The signature covers no parsed JSON.'
    throw refused('its body is not the raw one', help)
  }
  const [id, time] = [headerOf(headers, 'webhook-id'), headerOf(headers, 'webhook-timestamp')]
  if (!/^[\w-]{1,128}$/.test(id) || !/^\d{1,12}$/.test(time)) {
    const help = 'Pass all headers of the request. Senders other than Lelu may not have them.'
    throw refused('webhook-id or webhook-timestamp is missing or malformed', help)
  }
  const timestamp = Number(time)
  // The signature first: what an unsigned request says of its time is nobody's business.
  if (!isSigned(headerOf(headers, 'webhook-signature'), keys, { id, timestamp, body })) {
    const help = 'Check that the secret is that of this target, and that the body is the raw one.'
    throw refused('its signature does not hold', help)
  }
  // Against a request that was recorded and is sent again. NaN as a tolerance must not let everything through.
  if (!(Math.abs(now() / 1000 - timestamp) <= toleranceSeconds)) {
    const help = 'Check the clocks of both hosts. A retry is signed anew, with its own time.'
    throw refused('it is too old, or from the future', help)
  }
  return { ...parsed(typeof body === 'string' ? body : Buffer.from(body).toString('utf8')), id }
}

function parsed(text: string): Notification {
  try {
    return JSON.parse(text) as Notification
  } catch {
    const help = 'Somebody else signs with this secret: give each sender one of its own.'
    throw refused('its body is no JSON', help)
  }
}
