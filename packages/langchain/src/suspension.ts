import type { Approval } from '@lelu/engine/adapter'
import type { HITLRequest } from 'langchain'
import { argsOf } from './tool-input.ts'

/**
 * What suspended calls put into their graph: the shape that human-in-the-loop interfaces render, and for each of the
 * `actionRequests` the ids of its approval and of the model's call. Where the calls of a step share a node (version v1,
 * `ToolNode`) it holds them all.
 */
export type SuspendedCalls = HITLRequest & { lelu: { approvalIds: string[]; callIds: string[] } }

/**
 * The payload of the interrupt. Whatever it is answered with decides nothing: the answer only wakes the call up,
 * and the approval store says whether it may run.
 */
export function suspendedCall(approval: Approval, callId: string): SuspendedCalls {
  const { id, decision, request } = approval
  const { tool, input } = request.call
  const why = decision.reasons.map(({ message }) => message).join('; ')
  return {
    actionRequests: [
      {
        name: tool,
        args: argsOf(input),
        description: `${why}\nDecided with: lelu approvals approve ${id} (or deny)`,
      },
    ],
    reviewConfigs: [{ actionName: tool, allowedDecisions: ['approve', 'reject'] }],
    lelu: { approvalIds: [id], callIds: [callId] },
  }
}

/** One payload for all calls that wait in the same node. */
export function together(calls: readonly SuspendedCalls[]): SuspendedCalls {
  return {
    actionRequests: calls.flatMap(({ actionRequests }) => actionRequests),
    reviewConfigs: calls.flatMap(({ reviewConfigs }) => reviewConfigs),
    lelu: {
      approvalIds: calls.flatMap(({ lelu }) => lelu.approvalIds),
      callIds: calls.flatMap(({ lelu }) => lelu.callIds),
    },
  }
}
