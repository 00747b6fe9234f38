import { hash } from 'node:crypto'

const longest = 256
const prefix = 'sha256:'

/**
 * The id a call is recorded under: its own, or the digest of one that is longer than 256 characters, as proxies write
 * that put a model's signature into it (LiteLLM for Gemini). An id that looks like a digest gets one: none is another's.
 */
export function recordedId(id: string): string {
  // The engine refuses what is no text, or none that UTF-8 can hold: two such ids would have one digest.
  if (typeof id !== 'string' || !id.isWellFormed()) return id
  if (id.length <= longest && !id.startsWith(prefix)) return id
  return `${prefix}${hash('sha256', id, 'base64url')}`
}
