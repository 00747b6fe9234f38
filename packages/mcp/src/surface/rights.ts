import type { Reviewer } from '@lelu/engine'
import { hasScope, type Principal } from './principal.ts'

// What the scopes of a principal come to: the one place where tools, resources and prompts look it up.

export function mayCall(principal: Principal): boolean {
  return hasScope(principal, 'call')
}

/** Whether the records of its tenant may be read whole. */
export function readsAudit(principal: Principal): boolean {
  return hasScope(principal, 'audit:read')
}

/** Whether it sees the approvals of everybody of its tenant. */
export function seesAllApprovals(principal: Principal): boolean {
  return hasScope(principal, 'approvals:read') || hasScope(principal, 'approvals:decide')
}

/** Whether it sees any: everybody's, or its own. */
export function seesApprovals(principal: Principal): boolean {
  return mayCall(principal) || seesAllApprovals(principal)
}

/** Rules are not for those whom they bind: a caller that reads them learns what to claim. */
export function readsPolicies(principal: Principal): boolean {
  return seesAllApprovals(principal) || readsAudit(principal)
}

/** The person who decides, where one is behind the connection and has the scope. */
export function reviewerOf(principal: Principal): Reviewer | null {
  return hasScope(principal, 'approvals:decide') ? principal.reviewer : null
}
