import type { AuditEvent } from '@lelu/audit'
import { LeluError } from '../errors.ts'
import type { Decision, DecisionRequest, Json, Reason, Requirement } from '../types.ts'
import type { InputChange } from './input-changes.ts'
import type { Notice } from './notice.ts'
import type { ApprovalState } from './state.ts'

/** A person who reviews. Identity comes from whoever authenticated them, never from a request body. */
export type Reviewer = {
  id: string
  /** Who vouches for the id, such as `os:<host>` or an identity provider's URL. */
  issuer: string
  /** How they proved it, such as `os-user` or `oidc`. */
  method: string
  /** The groups they are in, by the same authentication. At most 100, of 8 192 characters together. */
  groups?: string[]
}

/** What one reviewer said, as it is on record. */
export type Vote = {
  reviewer: Reviewer
  verdict: 'approve' | 'deny'
  /** The digest of the input this vote is about. A vote for another input does not count. */
  digest: string
  reason: string | null
  /** Epoch milliseconds. */
  at: number
  /** Milliseconds after the suspension: the escalation steps up to here were in force. Left out when none was. */
  escalatedMs?: number
  /** Given before the input was edited: it does not count, even when a later edit brings the old input back. */
  void?: true
}

/** The one token that may redeem this approval now. Minting again makes the earlier one void. */
export type Grant = { jti: string; expiresAt: number; mintedAt: number; count: number }

/** One try at running the tool. Past `leaseUntil` nobody is believed to be running it. */
export type Attempt = { id: string; number: number; startedAt: number; leaseUntil: number }

/** `not_run`: the approval was taken for the call, and its framework then did not run it. It had no effect. */
export type FailedResult =
  | { status: 'failed'; message: string; code?: string }
  | { status: 'not_run'; message: string }

/** How the call ended. `value` is kept when it is JSON and small enough; its digest always. */
export type ApprovalResult =
  | { status: 'completed'; kept: true; value?: Json; digest: string }
  | { status: 'completed'; kept: false; digest: string | null }
  | FailedResult

/** An audit event that is part of a transition: written to the log before anything depends on it. */
export type PendingEvent = { n: number; data: AuditEvent }

/** `from` is the digest of the input before, `changes` what is another in the one after. */
export type Edit = { from: string; reviewer: Reviewer; at: number; changes: InputChange[] }

/** A suspended call, whole. Times are epoch milliseconds. */
export type Approval = {
  id: string
  tenant: string
  state: ApprovalState
  /** Grows by one with every transition. */
  revision: number
  createdAt: number
  /** Until when a reviewer may approve. */
  approveBy: number
  /** Until when the approved call may run; null before it is approved. */
  executeBy: number | null
  approvedAt: number | null
  /** The call as it will run; `request.call.input` is what the digest covers and what is executed. */
  request: DecisionRequest
  digest: string
  decision: Decision
  requirements: Requirement[]
  votes: Vote[]
  edits: Edit[]
  grant: Grant | null
  attempt: Attempt | null
  result: ApprovalResult | null
  /** Why it ended as it did, for the model and the reviewer. */
  reason: Reason | null
  /** How often its review was escalated; 0 at first. */
  level: number
}

/** What is stored: the approval, and what may not be in the log yet or is still to be told. */
export type ApprovalRecord = Approval & {
  v: 1
  /** Blinds the digests of this call in the log; approvals from before there was one have none. */
  blind?: string
  /** How long it may wait for its resume once approved: settled when the call was suspended, for whichever process approves it. */
  executeWithinMs?: number
  idem: string | null
  events: PendingEvent[]
  eventCount: number
  /** Whether notices are kept: settled when the call was suspended, for whichever process changes it later. */
  listens: boolean
  /** Notices that not every target has yet. */
  outbox: Notice[]
  /** Up to when reminders are accounted for, epoch ms; null: none yet. */
  remindedAt: number | null
  /** Milliseconds after the suspension: escalation steps up to here are in force. */
  escalatedMs: number
}

/** What a record has to begin with, and what those of before there were notices lack. */
export const quiet: Pick<
  ApprovalRecord,
  'listens' | 'outbox' | 'remindedAt' | 'level' | 'escalatedMs'
> = { listens: false, outbox: [], remindedAt: null, level: 0, escalatedMs: 0 }

/**
 * The record with what it may lack, in the order it was written in: one content has one JSON text. Throws
 * `LELU_STORE_CORRUPT` for one of a newer version: what this one does not know of could forbid the call.
 */
export function complete(record: ApprovalRecord): ApprovalRecord {
  if (record.v !== 1) {
    throw new LeluError(
      'LELU_STORE_CORRUPT',
      `Approval ${record.id} was made by a newer Lelu (version ${record.v}, this one knows 1).`,
      { help: 'Update Lelu in every process of this store.', details: { approval: record.id } },
    )
  }
  return { ...record, ...quiet, ...record }
}

/** The approval as callers see it: without the bookkeeping. Named one by one: leaving out the others takes six times as long. */
export function toApproval(record: ApprovalRecord): Approval {
  const { id, tenant, state, revision, createdAt, approveBy, executeBy, approvedAt } = record
  const { request, digest, decision, requirements, votes, edits, grant, attempt } = record
  const { result, reason, level } = record
  return {
    ...{ id, tenant, state, revision, createdAt, approveBy, executeBy, approvedAt },
    ...{ request, digest, decision, requirements, votes, edits, grant, attempt },
    ...{ result, reason, level },
  }
}

/** Names a call within a tenant: the run and the framework's call id. */
export function callKey(run: string, call: string): string {
  return JSON.stringify([run, call])
}

/** The name of a request's call. Null when the caller gave no run. */
export function keyOf({ run, call }: DecisionRequest): string | null {
  return run === undefined ? null : callKey(run, call.id)
}
