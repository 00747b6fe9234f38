import type { ApprovalRecord } from './record.ts'

/** When the clock has a say in an approval again, epoch ms: its deadline, or the end of the lease of whoever runs it. */
export function dueOf({ state, approveBy, executeBy, attempt }: ApprovalRecord): number | null {
  if (state === 'pending') return approveBy
  if (state === 'approved') return executeBy
  return state === 'executing' ? (attempt?.leaseUntil ?? null) : null
}
