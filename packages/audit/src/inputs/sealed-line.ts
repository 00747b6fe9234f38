import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Opening } from './commit.ts'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Bound to the subject and the decision: a line that is moved to another of either does not open. */
const boundTo = (subject: string, decision: string) =>
  Buffer.from(`lelu.opening.v1\n${JSON.stringify([subject, decision])}`)

/**
 * The line that keeps the openings of one decision: AES-256-GCM with a nonce of its own. Their paths are inside, for the
 * names of members can be personal data as well.
 */
export function sealLine(
  key: Buffer,
  subject: string,
  decision: string,
  openings: readonly Opening[],
): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(boundTo(subject, decision))
  const parts = [
    nonce,
    cipher.update(JSON.stringify(openings)),
    cipher.final(),
    cipher.getAuthTag(),
  ]
  return `${JSON.stringify({ decision, sealed: Buffer.concat(parts).toString('base64') })}\n`
}

/** The openings in a line, when it is of this decision and opens with this key; else undefined. */
export function openLine(
  key: Buffer,
  subject: string,
  decision: string,
  line: string,
): Opening[] | undefined {
  // Most lines are of other decisions: they need not be parsed.
  if (!line.includes(JSON.stringify(decision))) return undefined
  try {
    const kept = JSON.parse(line) as { decision: string; sealed: string }
    if (kept.decision !== decision) return undefined
    const bytes = Buffer.from(kept.sealed, 'base64')
    const nonce = bytes.subarray(0, nonceBytes)
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(boundTo(subject, decision))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
    return JSON.parse(Buffer.concat([text, decipher.final()]).toString()) as Opening[]
  } catch {
    return undefined // torn, altered, or of another key
  }
}
