import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Opening } from './commit.ts'

/** The openings of one decision, as JSON. */
export type Kept = { decision: string; text: string }

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** Bound to the subject and the decisions: a line that is moved to others does not open. */
const boundTo = (subject: string, decisions: readonly string[]) =>
  Buffer.from(`lelu.openings.v1\n${JSON.stringify([subject, decisions])}`)

/**
 * A line that keeps the openings of some decisions: AES-256-GCM with a nonce of its own. Paths are inside with the values,
 * for the names of members can be personal data as well.
 */
export function sealLine(key: Buffer, subject: string, kept: readonly Kept[]): string {
  const decisions = kept.map(({ decision }) => decision)
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(boundTo(subject, decisions))
  const text = `[${kept.map(({ text }) => text).join(',')}]`
  const parts = [nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]
  return `${JSON.stringify({ decisions, sealed: Buffer.concat(parts).toString('base64') })}\n`
}

/** The openings of a decision in a line, when they are there and it opens with this key; else undefined. */
export function openLine(
  key: Buffer,
  subject: string,
  decision: string,
  line: string,
): Opening[] | undefined {
  // Most lines are of other decisions: they need not be parsed.
  if (!line.includes(JSON.stringify(decision))) return undefined
  try {
    const { decisions, sealed } = JSON.parse(line) as { decisions: string[]; sealed: string }
    const bytes = Buffer.from(sealed, 'base64')
    const nonce = bytes.subarray(0, nonceBytes)
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(boundTo(subject, decisions))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    const text = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
    const all = JSON.parse(Buffer.concat([text, decipher.final()]).toString()) as Opening[][]
    return all[decisions.indexOf(decision)]
  } catch {
    return undefined // torn, altered, or of another key
  }
}
