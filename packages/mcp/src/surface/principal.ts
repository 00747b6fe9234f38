import type { Reviewer, Subject } from '@lelu/engine'

/**
 * What a principal may do. `call`: ask for decisions, call tools, and see its own approvals. `approvals:read`: see
 * everybody's. `approvals:decide`: approve and deny. `audit:read`: search the audit log.
 */
export type Scope = 'call' | 'approvals:read' | 'approvals:decide' | 'audit:read'

/** Who is behind a connection or request: from the host's authentication, never from a message. */
export type Principal = {
  /** Names it for good: `<issuer>|<id>`. Sessions and handles are bound to it. */
  key: string
  /** Who the policy sees as the caller, and for whom. */
  subject: Subject
  tenant: string
  scopes: readonly Scope[]
  /** The person who decides, where one is behind it: needed beside `approvals:decide`. */
  reviewer: Reviewer | null
}

/** Whether a principal may do what the scope stands for. */
export function hasScope({ scopes }: Principal, scope: Scope): boolean {
  return scopes.includes(scope)
}
