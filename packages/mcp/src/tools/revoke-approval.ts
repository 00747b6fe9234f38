import type { Approval } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'
import { reviewerOf } from '../surface/rights.ts'
import type { McpTool } from '../surface/surface.ts'
import { ends } from './hints.ts'
import type { ToolParts } from './options.ts'
import { findApproval, maySee, owns } from './ownership.ts'
import { answering, done, noApproval, refused } from './results.ts'
import { reviewSchema } from './review.ts'
import { approvalId, object, reason } from './schemas.ts'
import { shownText } from './shown.ts'

/** `lelu_revoke_approval`: ends a call that waits or is approved. It can only ever take away. */
export function revokeApprovalTool({ lelu }: ToolParts): McpTool {
  return {
    name: 'lelu_revoke_approval',
    title: 'Take back an approval',
    description:
      'Ends a call of yours that waits for a person, or that is approved and has not run: it will not run. This cannot be undone.',
    inputSchema: object({ approval_id: approvalId, reason }, ['approval_id']),
    outputSchema: reviewSchema,
    annotations: ends,
    call: (input, { principal }) =>
      answering(async () => {
        const { approval_id: id, reason: why } = input as { approval_id: string; reason?: string }
        const approval = await findApproval(lelu, id, principal, maySee)
        if (approval === undefined) return noApproval(id)
        if (!owns(principal, approval) && reviewerOf(principal) === null) {
          return refused(
            'LELU_REVIEWER_NOT_ELIGIBLE',
            'Only its caller or a reviewer can take it back.',
          )
        }
        await end(approval, principal, why)
        const { state } = await lelu.approvals.get(id, { tenant: principal.tenant })
        return done(
          { approval_id: id, status: state },
          `Approval ${id} is ${state}. It will not run.`,
        )
      }),
  }

  async function end({ id, state }: Approval, principal: Principal, why: string | undefined) {
    const by = reviewerOf(principal)
    const more = {
      tenant: principal.tenant,
      ...(why !== undefined && { reason: shownText(why, 2000) }),
      ...(by !== null && { by }),
    }
    if (state === 'approved') await lelu.tokens.revoke({ approval: id }, more)
    else if (state !== 'revoked') await lelu.approvals.cancel(id, more)
  }
}
