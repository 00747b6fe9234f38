import { AuditError } from '../errors.ts'
import type { SendResult } from './target.ts'

/** Where records are posted to: an http:// or https:// URL without credentials in it. */
export type PostOptions = {
  url: string
  /** Such as `{ authorization: 'Bearer …' }`. They go to this URL alone: redirects are not followed. */
  headers?: Readonly<Record<string, string>> | undefined
  /** Milliseconds until a receiver that does not answer counts as failed. Default 10 000. */
  timeoutMs?: number | undefined
}

/** An answer of 2xx, with the beginning of its body. */
export type Posted = { status: 'posted'; body: string } | Exclude<SendResult, { status: 'taken' }>

/** What says that this very body is wrong, and would be the next time. All else may pass: also 401, 404 and 500. */
const refusing = new Set([400, 413, 422])
const longestBody = 64 * 1024
/** A receiver must not be able to stop the export for a day. */
const longestWaitMs = 5 * 60_000

/** Throws `LELU_AUDIT_OPTIONS_INVALID` for what is no http(s) URL, or holds a password. */
export function checkUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isWeb = parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
  if (parsed !== undefined && isWeb && parsed.username === '' && parsed.password === '')
    return parsed
  throw new AuditError(
    'LELU_AUDIT_OPTIONS_INVALID',
    'The receiver is no URL that can be posted to.',
    {
      help: 'Pass an http:// or https:// URL. A name and a password belong into a header (authorization).',
    },
  )
}

/** Sends a body once. */
export async function post(
  { url, headers = {}, timeoutMs = 10_000 }: PostOptions,
  body: Buffer,
  extra: Record<string, string>,
  signal?: AbortSignal,
): Promise<Posted> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, ...extra },
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    const text = await beginningOf(response)
    if (response.ok) return { status: 'posted', body: text }
    const why = `it answered ${response.status}`
    if (refusing.has(response.status)) return { status: 'refused', why }
    return { status: 'later', why, ...retryAfter(response.headers.get('retry-after')) }
  } catch (error) {
    if (timeout.aborted) return { status: 'later', why: `it did not answer within ${timeoutMs} ms` }
    return { status: 'later', why: reasonOf(error) }
  }
}

/** Never more of an answer than is needed: a receiver may send without end. */
async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return ''
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > longestBody) break // ends the reading, and the connection
  }
  return Buffer.concat(chunks).toString()
}

/** `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). */
function retryAfter(value: string | null): { afterMs?: number } {
  if (value === null) return {}
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? {} : { afterMs: Math.min(Math.max(ms, 0), longestWaitMs) }
}

/** Without the URL and without headers: some messages of fetch quote them. */
function reasonOf(error: unknown): string {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as NodeJS.ErrnoException
  return code === undefined ? 'it could not be reached' : `it could not be reached (${code})`
}
