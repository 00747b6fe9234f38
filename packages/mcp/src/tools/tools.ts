import type { Principal } from '../surface/principal.ts'
import { mayCall, readsAudit, reviewerOf, seesApprovals } from '../surface/rights.ts'
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
import { revokeApprovalTool } from './revoke-approval.ts'

type May = (principal: Principal) => boolean

const decides: May = (principal) => reviewerOf(principal) !== null

/**
 * The tools of a principal, always in this order. What it may not use is not there: a scope that is missing takes the
 * tool away, so a model that was talked into approving has nothing to call.
 */
export function leluTools(parts: ToolParts): (principal: Principal) => readonly McpTool[] {
  const tools: readonly (readonly [May, McpTool])[] = [
    [mayCall, evaluateTool(parts)],
    [mayCall, requestApprovalTool(parts)],
    [seesApprovals, approvalStatusTool(parts)],
    [mayCall, resumeTool(parts)],
    [(one) => mayCall(one) || decides(one), revokeApprovalTool(parts)],
    [seesApprovals, listPendingTool(parts)],
    [(one) => mayCall(one) || readsAudit(one), explainDecisionTool(parts)],
    [readsAudit, auditQueryTool(parts)],
    [readsAudit, auditVerifyTool(parts)],
    [decides, approveTool(parts)],
    [decides, denyTool(parts)],
  ]
  return (principal) => tools.flatMap(([may, tool]) => (may(principal) ? [tool] : []))
}
