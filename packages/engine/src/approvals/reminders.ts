import type { Change } from './change.ts'
import type { ApprovalRecord } from './record.ts'

/** When the next reminder is due, epoch ms; null when nobody listens or nothing asks for one. */
export function nextReminder(record: ApprovalRecord): number | null {
  const { state, listens, requirements, createdAt, remindedAt } = record
  if (state !== 'pending' || !listens) return null
  const every = Math.min(...requirements.flatMap((one) => one.remindEveryMs ?? []))
  if (!Number.isFinite(every)) return null
  const since = (remindedAt ?? createdAt) - createdAt
  return createdAt + (Math.floor(since / every) + 1) * every
}

/** Makes the reminder that is due by `now`: one, however many an outage has left out. Undefined when none is. */
export function reminderChange(record: ApprovalRecord, now: number): Change | undefined {
  const at = nextReminder(record)
  if (at === null || now < at) return undefined
  const window = { notBefore: at, before: record.approveBy }
  return { next: { state: record.state, remindedAt: now }, events: [], window }
}
