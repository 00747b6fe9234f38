/** What there is to tell of an approval. */
export type NoticeKind =
  | 'approval.requested'
  | 'approval.reminder'
  | 'approval.escalated'
  | 'approval.edited'
  | 'approval.approved'
  | 'approval.denied'
  | 'approval.expired'
  | 'approval.cancelled'
  | 'approval.revoked'
  | 'approval.unknown'

/** Every kind there is, for whoever chooses among them. */
export const noticeKinds: readonly NoticeKind[] = [
  'approval.requested',
  'approval.reminder',
  'approval.escalated',
  'approval.edited',
  'approval.approved',
  'approval.denied',
  'approval.expired',
  'approval.cancelled',
  'approval.revoked',
  'approval.unknown',
]

/** One thing to tell the outside. Kept in the record until every target has it. Times are epoch ms. */
export type Notice = {
  /** `ntf_` and random: the same on every try, so that a receiver knows a repetition. */
  id: string
  kind: NoticeKind
  /** When it happened. */
  at: number
  /** How often somebody set out to send it. */
  tries: number
  nextAt: number
  /** Names of the targets that have it already, or were given up. */
  sent: string[]
  /** The one target it is for, when it was laid aside as undelivered and is sent again. */
  only?: string
}
