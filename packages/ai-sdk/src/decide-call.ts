import {
  type Approval,
  cancelApproval,
  holdCall,
  LeluError,
  pendingText,
  unknownApprovalText,
} from '@lelu/engine/adapter'
import type { Announced } from './announced.ts'
import { cancelAborted, findApproval, mayHaveRun } from './find-approval.ts'
import type { AskedCall } from './guarded-call.ts'
import type { GuardedCall } from './options.ts'
import type { GuardState } from './state.ts'

/** Undefined: the call goes on to `execute`. */
export type ApprovalStatus =
  | undefined
  | { type: 'denied'; reason: string }
  | { type: 'user-approval'; reason?: string }

export const denied = (reason: string): ApprovalStatus => ({ type: 'denied', reason })

/** What is shown where the app asks, which may be the customer's own browser: no command is named there. */
function userApproval({ id, decision }: Approval): ApprovalStatus {
  const why = decision.reasons.map(({ message }) => message).join('; ')
  return { type: 'user-approval', reason: `${why} (approval ${id})` }
}

/**
 * A suspended call that is taken up again is only looked at here; `execute` claims it. So nothing is claimed that the
 * SDK then does not run.
 */
export async function lookAt(
  state: GuardState,
  call: AskedCall,
  announced: Announced,
): Promise<ApprovalStatus> {
  const approval = await findApproval(state.options, call)
  if (approval === undefined && !call.gated) return denied(unknownApprovalText)
  if (approval !== undefined && approval !== 'altered') {
    if (approval.state === 'pending') return denied(pendingText(approval, 'closed'))
    if (approval.state === 'approved' || mayHaveRun(approval)) return undefined // `execute` says what came of it
  }
  // It has ended without a run, or another process is at it: the engine says which, and throws if it is. Or it was
  // held up by the gate of its tool alone, whose answer allows nothing that the policy does not.
  return decideNow(state, call, announced)
}

/** Waits as the mode says, and answers how the approval stands then. */
async function waitFor(
  { options }: GuardState,
  approval: Approval,
  signal: AbortSignal | undefined,
): Promise<Approval> {
  const until = performance.now() + (options.waitMs ?? 55_000)
  try {
    for (;;) {
      const timeoutMs = Math.max(until - performance.now(), 0)
      const more = { timeoutMs, ...(signal && { signal }) }
      const latest = await options.lelu.approvals.wait(approval.id, more)
      if (latest.state !== 'pending' || performance.now() >= until) return latest
    }
  } catch (error) {
    if (signal?.aborted === true) await cancelAborted(options, approval)
    throw error
  }
}

/** The SDK cannot ask a second time about a call, but its history can be resumed a second time. */
function waitsAnew({ id }: Approval): LeluError {
  return new LeluError(
    'LELU_APPROVAL_STATE',
    `Approval ${id} is pending: the policy does not allow the call without it.`,
    {
      help: 'Store nothing of this run. Go on from the same history with guard.settle when it is decided.',
      details: { approval: id, state: 'pending' },
    },
  )
}

/** Asks the engine, and holds an allowed call for `execute`. */
export async function decideNow(
  state: GuardState,
  call: AskedCall,
  announced: Announced,
): Promise<ApprovalStatus> {
  const { mode = 'suspend' } = state.options
  // Waiting is done below: a call that is approved meanwhile must not be claimed before it executes.
  const options = mode === 'wait' ? { ...state.options, mode: 'suspend' as const } : state.options
  const first = await holdCall<unknown, GuardedCall>(options, call)
  if ('held' in first) {
    announced.held = first.held
    return undefined
  }
  const { result } = first
  switch (result.status) {
    case 'executed': // earlier: `execute` is given the kept result
      return undefined
    case 'threw':
      throw result.error
    case 'refused':
      return denied(result.text)
    case 'suspended': {
      announced.approval = result.approval
      if (mode === 'tell-model') return denied(result.text)
      if (call.woken) throw waitsAnew(result.approval)
      if (mode === 'suspend') return userApproval(result.approval)
      const approval = await waitFor(state, result.approval, call.signal)
      return approval.state === 'pending' ? userApproval(approval) : lookAt(state, call, announced)
    }
  }
}

/**
 * Inside a tool a run ends with the tool, and its history with it: what is suspended there could be approved for
 * nobody. Unless the app says that it keeps that history, by naming the mode `suspend`.
 */
export async function suspendInside(
  state: GuardState,
  outer: string,
  call: AskedCall,
  announced: Announced,
): Promise<ApprovalStatus> {
  const { options } = state
  if (options.mode === 'wait') {
    await cancelApproval(options, announced.approval, 'nobody decided in time')
    return lookAt(state, call, announced) // it is cancelled, or was decided just before
  }
  await cancelApproval(options, announced.approval, 'nothing could resume it')
  throw new LeluError(
    'LELU_CALL_INVALID',
    `The call of ${call.tool} needs a person, and nothing could resume it inside the tool ${outer}. It was not run.`,
    {
      help: 'Give this guard the mode `tell-model` or `wait`; or `suspend`, if you keep its history and resume it.',
    },
  )
}
