import { before, dueIn } from '@lelu/audit/deadline'
import { LeluError } from '../errors.ts'

/** So that a caller hears the no within 2 s: the answer has its way back, and on a busy machine timers come late. */
export const defaultStoreDeadlineMs = 1700

/** A store that does not answer in time means no, never a hang. */
export function withDeadline<T>(operation: Promise<T>, ms: number, doing: string): Promise<T> {
  const late = () =>
    new LeluError(
      'LELU_STORE_UNAVAILABLE',
      `The approvals store did not answer within ${ms} ms (${doing}).`,
      {
        help: 'Check that the database is up and reachable, then try again. No tool runs until the store answers.',
      },
    )
  return before(dueIn(ms), operation, late)
}
