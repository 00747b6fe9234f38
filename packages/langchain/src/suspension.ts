import type { Approval } from '@lelu/engine/adapter'
import type { HITLRequest } from 'langchain'

/** What a suspended call puts into its graph: the shape that human-in-the-loop interfaces render, and our id. */
export type SuspendedCall = HITLRequest & { lelu: { approvalId: string } }

/**
 * The payload of the interrupt. Whatever it is answered with decides nothing: the answer only wakes the call up,
 * and the approval store says whether it may run.
 */
export function suspendedCall(approval: Approval): SuspendedCall {
  const { id, decision, request } = approval
  const { tool, input } = request.call
  const why = decision.reasons.map(({ message }) => message).join('; ')
  const args =
    typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { input }
  return {
    actionRequests: [
      {
        name: tool,
        args,
        description: `${why}\nDecided with: lelu approvals approve ${id} (or deny)`,
      },
    ],
    reviewConfigs: [{ actionName: tool, allowedDecisions: ['approve', 'reject'] }],
    lelu: { approvalId: id },
  }
}
