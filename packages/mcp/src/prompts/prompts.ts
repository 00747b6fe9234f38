import type { PolicyFiles } from '../resources/policies.ts'
import type { Principal } from '../surface/principal.ts'
import { mayCall, readsAudit, seesApprovals } from '../surface/rights.ts'
import type { McpPrompt } from '../surface/surface.ts'
import type { ToolParts } from '../tools/options.ts'
import { draftPolicyPrompt } from './draft-policy.ts'
import { explainDenialPrompt } from './explain-denial.ts'
import { reviewApprovalPrompt } from './review-approval.ts'

/** The prompts of a principal, always in this order. */
export function leluPrompts(
  parts: ToolParts,
  policies: PolicyFiles,
): (principal: Principal) => readonly McpPrompt[] {
  const review = reviewApprovalPrompt(parts)
  const explain = explainDenialPrompt(parts)
  const draft = draftPolicyPrompt(policies)
  return (principal) => [
    ...(seesApprovals(principal) ? [review] : []),
    ...(mayCall(principal) || readsAudit(principal) ? [explain] : []),
    draft,
  ]
}
