import { nextEscalation } from './escalation.ts'
import type { ApprovalRecord } from './record.ts'
import { nextReminder } from './reminders.ts'
import { mayRunAgain } from './state.ts'

/** When the clock has a say in an approval again, epoch ms; null: never, unless somebody does something first. */
export function dueOf(record: ApprovalRecord): number | null {
  const clocks = [deadlineOf, leaseEndOf, nextEscalation, nextReminder]
  const notices = record.outbox.map(({ nextAt }) => nextAt)
  const times = [...clocks.map((clock) => clock(record)), ...notices]
  const set = times.filter((time) => time !== null)
  return set.length === 0 ? null : Math.min(...set)
}

/** Until when a person may decide, or the approved call may run; null in any other state. */
export function deadlineOf({ state, approveBy, executeBy }: ApprovalRecord): number | null {
  if (state === 'pending') return approveBy
  return state === 'approved' ? executeBy : null
}

/** When the attempt that runs counts as lost. Not for a tool that does no harm twice: that waits for a resume. */
export function leaseEndOf({ state, attempt, request }: ApprovalRecord): number | null {
  if (state !== 'executing' || attempt === null) return null
  return mayRunAgain(request.call.effect ?? 'non_idempotent') ? null : attempt.leaseUntil
}
