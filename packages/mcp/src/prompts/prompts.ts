import type { PolicyFiles } from '../resources/policies.ts'
import { hasScope, type Principal } from '../surface/principal.ts'
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
  return (principal) => {
    const calls = hasScope(principal, 'call')
    const sees =
      hasScope(principal, 'approvals:read') || hasScope(principal, 'approvals:decide') || calls
    const audits = hasScope(principal, 'audit:read')
    return [...(sees ? [review] : []), ...(calls || audits ? [explain] : []), draft]
  }
}
