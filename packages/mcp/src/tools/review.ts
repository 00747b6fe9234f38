import type { Approval } from '@lelu/engine'
import type { ToolAnswer } from '../surface/call.ts'
import type { Principal } from '../surface/principal.ts'
import { reviewerOf } from '../surface/rights.ts'
import type { JsonSchema } from '../surface/surface.ts'
import type { ToolParts } from './options.ts'
import { findApproval, isInvolved, maySee } from './ownership.ts'
import { done, noApproval, refused } from './results.ts'
import { approvalId, object, stateWord, text } from './schemas.ts'

export const digest: JsonSchema = text('`digest` of the input you looked at.', {
  minLength: 1,
  maxLength: 128,
})

export const reviewSchema: JsonSchema = object({ approval_id: approvalId, status: stateWord }, [
  'approval_id',
  'status',
])

/** What a person says of a call. */
export type Vote = { approval_id: string; digest?: string; reason?: string }

/** One vote of the person behind the connection. Separation of duties is the engine's; this adds the connection's own chain. */
export async function vote(
  { lelu }: ToolParts,
  verdict: 'approve' | 'deny',
  { approval_id: id, digest: seen, reason: why }: Vote,
  principal: Principal,
): Promise<ToolAnswer> {
  const reviewer = reviewerOf(principal)
  // The list of tools has hidden it; a caller that names it all the same finds nothing either.
  if (reviewer === null) return noApproval(id)
  const approval = await findApproval(lelu, id, principal, maySee)
  if (approval === undefined) return noApproval(id)
  // A person known as a subject by another id than as a reviewer would pass the engine's own check.
  if (isInvolved(principal, approval)) {
    return refused(
      'LELU_REVIEWER_NOT_ELIGIBLE',
      'The call is made by you or for you, so somebody else decides. To end it, call lelu_revoke_approval.',
    )
  }
  const reviewed = await lelu.approvals.review(id, {
    verdict,
    reviewer,
    tenant: principal.tenant,
    ...(seen !== undefined && { digest: seen }),
    ...(why !== undefined && { reason: why }),
  })
  return done(
    { approval_id: id, status: reviewed.state },
    `Approval ${id} is ${reviewed.state}.${missing(reviewed, verdict)}`,
  )
}

function missing({ state }: Approval, verdict: 'approve' | 'deny'): string {
  return state === 'pending' ? ` Your vote counts; more people must ${verdict}.` : ''
}
