import { isLeluError } from '@lelu/engine/adapter'
import type { Found } from './settle.ts'
import type { GuardState } from './state.ts'

/** Cancels what can be cancelled, and answers why the call did not run here. */
export async function leaveBehind(
  { options }: GuardState,
  { approval }: Pick<Found, 'approval'>,
  reason = 'the conversation went on without it',
): Promise<string> {
  const gone = 'The conversation went on before this call was answered.'
  if (approval === undefined) return gone
  try {
    const cancelled = await options.lelu.approvals.cancel(approval.id, { reason })
    return cancelled.reason?.message ?? gone
  } catch (error) {
    // It has ended by itself, or is running for another request.
    if (isLeluError(error) && error.code === 'LELU_APPROVAL_STATE') return gone
    throw error
  }
}
