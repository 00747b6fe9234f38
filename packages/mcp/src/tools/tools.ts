import { hasScope, type Principal } from '../surface/principal.ts'
import type { McpTool } from '../surface/surface.ts'
import { approvalStatusTool } from './approval-status.ts'
import { approveTool } from './approve.ts'
import { auditQueryTool } from './audit-query.ts'
import { auditVerifyTool } from './audit-verify.ts'
import { denyTool } from './deny.ts'
import { evaluateTool } from './evaluate.ts'
import { explainDecisionTool } from './explain-decision.ts'
import { listPendingTool } from './list-pending.ts'
import type { ToolParts } from './options.ts'
import { requestApprovalTool } from './request-approval.ts'
import { resumeTool } from './resume.ts'
import { reviewerOf } from './review.ts'
import { revokeApprovalTool } from './revoke-approval.ts'

type May = (principal: Principal) => boolean

const calls: May = (principal) => hasScope(principal, 'call')
const audits: May = (principal) => hasScope(principal, 'audit:read')
const decides: May = (principal) => reviewerOf(principal) !== null
const sees: May = (principal) =>
  calls(principal) ||
  hasScope(principal, 'approvals:read') ||
  hasScope(principal, 'approvals:decide')

/**
 * The tools of a principal, always in this order. What it may not use is not there: a scope that is missing takes the
 * tool away, so a model that was talked into approving has nothing to call.
 */
export function leluTools(parts: ToolParts): (principal: Principal) => readonly McpTool[] {
  const tools: readonly (readonly [May, McpTool])[] = [
    [calls, evaluateTool(parts)],
    [calls, requestApprovalTool(parts)],
    [sees, approvalStatusTool(parts)],
    [calls, resumeTool(parts)],
    [(one) => calls(one) || decides(one), revokeApprovalTool(parts)],
    [sees, listPendingTool(parts)],
    [(one) => calls(one) || audits(one), explainDecisionTool(parts)],
    [audits, auditQueryTool(parts)],
    [audits, auditVerifyTool(parts)],
    [decides, approveTool(parts)],
    [decides, denyTool(parts)],
  ]
  return (principal) => tools.flatMap(([may, tool]) => (may(principal) ? [tool] : []))
}
