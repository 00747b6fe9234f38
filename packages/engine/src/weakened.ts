import type { AuditLog } from '@lelu/audit'
import type { LeluOptions } from './options.ts'

export const defaultTokenSeconds = 60
export const defaultWithinMs: number = 24 * 3600 * 1000

/**
 * The settings that make this engine weaker than it is by default, as words for the record: whoever reads the log later
 * cannot see the host's configuration. What only makes it slower or more forgetful of its own data is none.
 */
export function weakenedBy(options: LeluOptions, audit: AuditLog): string[] {
  const { allowUnsafeStore, tokenSeconds = 0, approveWithinMs = 0, executeWithinMs = 0 } = options
  const words = audit.weakened.map((word) => `audit: ${word}`)
  // What a power cut takes from the store, a reviewer's no among it, is gone although it was answered.
  if (allowUnsafeStore === true) words.push('allow_unsafe_store')
  // The longer a yes stands, the more can change under it.
  if (tokenSeconds > defaultTokenSeconds) words.push(`token_seconds=${tokenSeconds}`)
  if (approveWithinMs > defaultWithinMs) words.push(`approve_within_ms=${approveWithinMs}`)
  if (executeWithinMs > defaultWithinMs) words.push(`execute_within_ms=${executeWithinMs}`)
  // Messages about calls, and the links to their reviews, can be read and changed on their way.
  if (options.notify?.allowHttp === true) words.push('notify_allow_http')
  return words
}
