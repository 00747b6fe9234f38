import { createHmac, timingSafeEqual } from 'node:crypto'

const prefix = 'whsec_'
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The key in a secret as standardwebhooks.com writes it: `whsec_` and 24 to 64 bytes in base64. Undefined for any other text. */
export function webhookKey(secret: unknown): Buffer | undefined {
  if (typeof secret !== 'string' || !secret.startsWith(prefix)) return undefined
  const encoded = secret.slice(prefix.length)
  // Buffer.from() leaves out what is no base64: a mistyped secret would become a shorter key.
  if (!base64.test(encoded)) return undefined
  const key = Buffer.from(encoded, 'base64')
  return key.length >= 24 && key.length <= 64 ? key : undefined
}

/** What a signature covers. An id never holds a dot, so no two messages share this text. */
export type SignedParts = { id: string; timestamp: number; body: string | Uint8Array }

function mac(key: Buffer, { id, timestamp, body }: SignedParts): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}

/** `v1,<base64>` for each key, with spaces between: receivers may know the old secret or the new one. Timestamp in seconds. */
export function signWebhook(keys: readonly Buffer[], parts: SignedParts): string {
  return keys.map((key) => `v1,${mac(key, parts).toString('base64')}`).join(' ')
}

/** Whether one of the signatures in the header is one of these keys'. */
export function isSigned(header: string, keys: readonly Buffer[], parts: SignedParts): boolean {
  const expected = keys.map((key) => mac(key, parts))
  return header.split(' ').some((one) => {
    if (!one.startsWith('v1,')) return false
    const given = Buffer.from(one.slice(3), 'base64')
    return expected.some((tag) => tag.length === given.length && timingSafeEqual(tag, given))
  })
}
