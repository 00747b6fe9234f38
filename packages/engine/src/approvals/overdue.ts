import type { Change } from './change.ts'
import { deadlineOf, leaseEndOf } from './due.ts'
import { escalationChange, nextEscalation } from './escalation.ts'
import { expiredEvent, outcomeEvent } from './events.ts'
import type { ApprovalRecord } from './record.ts'

/** What the clock has made of a record by `now`; undefined when nothing. Its window leaves the last word to the database. */
export function overdueChange(record: ApprovalRecord, now: number): Change | undefined {
  const deadline = deadlineOf(record)
  if (deadline !== null && now >= deadline) return expiryChange(record, deadline)
  const lost = leaseEndOf(record)
  if (lost !== null && now >= lost) return { ...lostChange(record), window: { notBefore: lost } }
  const step = nextEscalation(record)
  if (step !== null && now >= step) return escalationChange(record, now)
  return undefined
}

function expiryChange(record: ApprovalRecord, deadline: number): Change {
  const message =
    record.state === 'pending'
      ? 'Nobody decided in time, so the call was not run.'
      : 'The approved call was not run in time.'
  const next = { state: 'expired' as const, reason: { id: 'approval_expired', message } }
  return { next, events: [expiredEvent(record)], window: { notBefore: deadline } }
}

/** Past its lease an attempt is lost: whether the tool took effect, only a person can find out. */
function lostChange(record: ApprovalRecord): Change {
  const reason = {
    id: 'attempt_lost',
    message: 'The process that ran the tool was lost; whether it took effect is not known',
  }
  const events = [outcomeEvent(record, { status: 'unknown' }, null)]
  return { next: { state: 'unknown', reason }, events }
}
