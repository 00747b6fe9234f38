import { LeluError } from '../errors.ts'
import type { ToolEffect } from '../types.ts'

/** Where a suspended call stands. `unknown`: it may have run; only a person can say. */
export type ApprovalState =
  | 'pending'
  | 'approved'
  | 'denied'
  | 'expired'
  | 'cancelled'
  | 'revoked'
  | 'executing'
  | 'completed'
  | 'failed'
  | 'unknown'

/**
 * Every transition there is. Staying in a state is one too: a vote that is not the last and an edit keep
 * `pending`, minting keeps `approved`, a lease renewal or a further attempt keeps `executing`.
 */
const transitions: { readonly [state in ApprovalState]: readonly ApprovalState[] } = {
  pending: ['pending', 'approved', 'denied', 'expired', 'cancelled'],
  approved: ['approved', 'executing', 'revoked', 'expired', 'cancelled'],
  executing: ['executing', 'completed', 'failed', 'unknown'],
  unknown: ['completed', 'failed', 'approved'],
  denied: [],
  expired: [],
  cancelled: [],
  revoked: [],
  completed: [],
  failed: [],
}

/** All states that an approval can be in. */
export const approvalStates: readonly ApprovalState[] = Object.keys(transitions) as ApprovalState[]

/** Whether a word names a state of approvals. */
export function isApprovalState(word: unknown): word is ApprovalState {
  return typeof word === 'string' && Object.hasOwn(transitions, word)
}

/** Throws `LELU_REQUEST_INVALID` for a filter by what is no state: an empty list would say that nothing waits. */
export function assertState(word: unknown): void {
  if (word === undefined || isApprovalState(word)) return
  throw new LeluError('LELU_REQUEST_INVALID', '`state` is none of the states of an approval.', {
    help: `Pass one of ${approvalStates.join(', ')}; or leave it out for all.`,
    details: { path: 'state' },
  })
}

export function mayBecome(from: ApprovalState, to: ApprovalState): boolean {
  return transitions[from].includes(to)
}

/** Throws `LELU_APPROVAL_STATE` (HTTP 409) that names the current state, unless `from` may become `to`. */
export function assertTransition(id: string, from: ApprovalState, to: ApprovalState): void {
  if (mayBecome(from, to)) return
  throw stateError(id, from, `it cannot become ${to}`)
}

/** The 409-shaped error: what was asked does not fit the state the approval is in. */
export function stateError(id: string, state: ApprovalState, why: string): LeluError {
  return new LeluError('LELU_APPROVAL_STATE', `Approval ${id} is ${state}: ${why}.`, {
    help: `Look at it with \`lelu approvals show ${id}\`.`,
    details: { approval: id, state },
  })
}

/** Only a call that does no harm twice is tried again after its first attempt was lost. */
export function mayRunAgain(effect: ToolEffect): boolean {
  return effect === 'read' || effect === 'idempotent'
}
