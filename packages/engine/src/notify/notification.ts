import type { Notice, NoticeKind } from '../approvals/notice.ts'
import type { ApprovalRecord } from '../approvals/record.ts'
import type { ApprovalState } from '../approvals/state.ts'
import type { Reason } from '../types.ts'

/** What a webhook is told. Never the input, the reviewers or a token: those are for whoever logs in to see them. */
export type Notification = {
  type: NoticeKind
  /** When it happened, ISO 8601 in UTC. */
  timestamp: string
  data: {
    approval: string
    tenant: string
    tool: string
    /** How it stands when this is sent; `type` says what happened then. */
    state: ApprovalState
    confidence: number
    /** Of the decision that asked for a person. */
    reasons: Reason[]
    /** Until when a reviewer may approve, ISO 8601 in UTC. */
    approve_by: string
    /** How many steps of escalation are reached. */
    level: number
    /** Where a reviewer looks at it after logging in. It decides nothing. Null without the option `link`. */
    link: string | null
  }
}

export function notificationOf(
  record: ApprovalRecord,
  { kind, at }: Pick<Notice, 'kind' | 'at'>,
  link: string | null,
): Notification {
  const { id, tenant, request, state, decision, approveBy, level = 0 } = record
  return {
    type: kind,
    timestamp: new Date(at).toISOString(),
    data: {
      approval: id,
      tenant,
      tool: request.call.tool,
      state,
      confidence: decision.confidence,
      reasons: decision.reasons.map(({ id, message }) => ({ id, message })),
      approve_by: new Date(approveBy).toISOString(),
      level,
      link,
    },
  }
}
