import type { AuditEvent, AuditResult } from '@lelu/audit'
import { jsonDigest } from '../digest.ts'
import { blinded } from '../recorded/blind.ts'
import type { ApprovalRecord, ApprovalResult, Attempt, Grant, Reviewer, Vote } from './record.ts'

/** What every event of one approval says, so that its story can be told from the log alone. */
function common(record: ApprovalRecord) {
  const { tenant, id, request, decision, digest } = record
  const { subject, call, run } = request
  return {
    tenant,
    agent: { id: subject.id, type: subject.type },
    tool: { name: call.tool, server: call.server ?? null, effect: call.effect ?? 'non_idempotent' },
    run: run ?? null,
    call: call.id,
    input_digest: blinded(record.blind, '/input_digest', digest),
    refs: { approval: id, decision: decision.id },
  }
}

export function requestedEvent(record: ApprovalRecord): AuditEvent {
  return {
    ...common(record),
    kind: 'approval.requested',
    reasons: record.decision.reasons,
    requirements: record.requirements,
    approve_by: new Date(record.approveBy).toISOString(),
  }
}

export function reviewedEvent(
  record: ApprovalRecord,
  vote: Vote,
  state: string,
  edited: boolean,
): AuditEvent {
  return {
    ...common(record),
    kind: 'approval.decided',
    input_digest: blinded(record.blind, '/input_digest', vote.digest),
    ...(edited && { edited_from: editedFrom(record) }),
    vote: vote.verdict,
    reviewer: vote.reviewer,
    reason: vote.reason,
    state,
    edited,
  }
}

/** The digest of the input that the reviewer was shown and has changed: as the call's earlier records have it. */
function editedFrom({ edits, blind }: ApprovalRecord): string | null {
  const from = edits.at(-1)?.from
  return from === undefined ? null : blinded(blind, '/input_digest', from)
}

export function cancelledEvent(
  record: ApprovalRecord,
  by: Reviewer | null,
  reason: string | null,
): AuditEvent {
  return { ...common(record), kind: 'approval.cancelled', reviewer: by, reason }
}

export function expiredEvent(record: ApprovalRecord): AuditEvent {
  return { ...common(record), kind: 'approval.expired', state: record.state }
}

/** `afterMs` is how long nobody had decided; `level` how many steps are in force. */
export function escalatedEvent(record: ApprovalRecord, level: number, afterMs: number): AuditEvent {
  return { ...common(record), kind: 'approval.escalated', level, after_ms: afterMs }
}

export function reconciledEvent(
  record: ApprovalRecord,
  reviewer: Reviewer,
  state: string,
  reason: string,
): AuditEvent {
  return { ...common(record), kind: 'approval.reconciled', reviewer, state, reason }
}

export function mintedEvent(record: ApprovalRecord, grant: Grant, kid: string): AuditEvent {
  const { refs, ...rest } = common(record)
  const expires = new Date(grant.expiresAt).toISOString()
  return {
    ...rest,
    kind: 'token.minted',
    refs: { ...refs, jti: grant.jti },
    key: kid,
    expires,
  }
}

export function redeemedEvent(
  record: ApprovalRecord,
  attempt: Attempt,
  jti: string,
  redecision: string,
): AuditEvent {
  const { refs, ...rest } = common(record)
  const more = { jti, attempt: attempt.id, redecision }
  return {
    ...rest,
    kind: 'token.redeemed',
    refs: { ...refs, ...more },
    number: attempt.number,
  }
}

export function revokedEvent(
  record: ApprovalRecord,
  by: Reviewer | null,
  reason: string,
): AuditEvent {
  const { refs, ...rest } = common(record)
  const jti = record.grant?.jti
  return {
    ...rest,
    kind: 'token.revoked',
    refs: jti === undefined ? refs : { ...refs, jti },
    reviewer: by,
    reason,
  }
}

/** How a call ended, in words an auditor can count: the message of a failure may hold data, so only its digest is kept. */
export function outcomeResult(
  result: ApprovalResult | { status: 'unknown' },
  blind: string | undefined,
): Pick<AuditResult, 'status' | 'digest' | 'error_code'> {
  const { status } = result
  if (status === 'unknown' || status === 'not_run') return { status, digest: null }
  const digest =
    result.status === 'completed' ? result.digest : jsonDigest('lelu.failure.v1', result.message)
  const shown = digest === null ? null : blinded(blind, '/result/digest', digest)
  const code = result.status === 'failed' ? result.code : undefined
  return { status, digest: shown, ...(code !== undefined && { error_code: code }) }
}

export function outcomeEvent(
  record: ApprovalRecord,
  result: ApprovalResult | { status: 'unknown' },
  durationMs: number | null,
): AuditEvent {
  const { refs, ...rest } = common(record)
  return {
    ...rest,
    kind: 'outcome',
    refs: record.attempt === null ? refs : { ...refs, attempt: record.attempt.id },
    result: { ...outcomeResult(result, record.blind), duration_ms: durationMs },
  }
}
