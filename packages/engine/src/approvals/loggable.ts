import { type AuditEvent, jsonText } from '@lelu/audit'
import { LeluError } from '../errors.ts'
import type { StoredRow } from '../store/store.ts'

/** Of an event: the log takes lines of 64 KiB, and puts its own members around it. */
const maxEventBytes = 60 * 1024

/**
 * Throws `LELU_REQUEST_INVALID` for an event that the log would refuse. Asked before a new row is written, whose events
 * hold what the policy says: a record whose events the log does not take could never be loaded again. What people say
 * later is read before (`readReason`, `readReviewer`).
 */
export function assertLoggable(events: readonly AuditEvent[], { body }: StoredRow): void {
  // All of them are in the body, where a unit of text takes three bytes at most, and half a character is written `\\ud…`.
  if (body.length * 3 <= maxEventBytes && !body.includes('\\ud')) return
  for (const event of events) {
    const refuse = (why: string, cause?: unknown) =>
      new LeluError('LELU_REQUEST_INVALID', `The event ${event.kind} cannot be recorded: ${why}.`, {
        help: 'Shorten the texts of it (reasons, groups, reviewers), and cut no character in half.',
        cause,
      })
    let text: string
    try {
      text = jsonText(event)
    } catch (error) {
      throw refuse('it has no canonical text', error)
    }
    if (Buffer.byteLength(text) > maxEventBytes)
      throw refuse('it is too long for a line of the log')
  }
}
