import { newId } from '../ids.ts'
import type { Notice, NoticeKind } from './notice.ts'
import type { ApprovalRecord } from './record.ts'
import type { ApprovalState } from './state.ts'

/** States that are told of when they are reached. Completed and failed calls are not: whoever ran them knows. */
const told: { readonly [state in ApprovalState]?: NoticeKind } = {
  approved: 'approval.approved',
  denied: 'approval.denied',
  expired: 'approval.expired',
  cancelled: 'approval.cancelled',
  revoked: 'approval.revoked',
  unknown: 'approval.unknown',
}

/** What a transition is told as; undefined when it is nobody's business. `before` is undefined for a new record. */
function kindOf(before: ApprovalRecord | undefined, after: ApprovalRecord): NoticeKind | undefined {
  if (before === undefined) return 'approval.requested'
  if (after.state !== before.state) return told[after.state]
  if (after.level > before.level) return 'approval.escalated'
  if (after.edits.length > before.edits.length) return 'approval.edited'
  return after.remindedAt === before.remindedAt ? undefined : 'approval.reminder'
}

/**
 * The outbox of a record that is about to be written, so that a transition and its notice are one write. Whether
 * anybody listens was settled when the call was suspended: else an outbox that nobody empties would only grow.
 */
export function outboxAfter(
  before: ApprovalRecord | undefined,
  after: ApprovalRecord,
  now: number,
): Notice[] {
  if (!after.listens) return []
  const kind = kindOf(before, after)
  if (kind === undefined) return after.outbox
  // Whatever happens next makes a reminder that is still on its way pointless: no flood after an outage.
  const kept = after.outbox.filter((notice) => notice.kind !== 'approval.reminder')
  return [...kept, { id: `ntf_${newId()}`, kind, at: now, tries: 0, nextAt: now, sent: [] }]
}

/** A write that only notes what has been told. Every state allows it: most notices are of an end. */
export function isBookkeeping(
  current: ApprovalRecord,
  next: Partial<ApprovalRecord> & { state: ApprovalState },
): boolean {
  const isOutbox = (key: string) => key === 'state' || key === 'outbox'
  return next.state === current.state && Object.keys(next).every(isOutbox)
}
