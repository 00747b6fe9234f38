import { timingSafeEqual } from 'node:crypto'
import { redeemedEvent, revokedEvent } from '../approvals/events.ts'
import { type ApprovalRecord, toApproval } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { requirementsMet } from '../approvals/review.ts'
import { alteredError } from '../approvals/seal.ts'
import { stateError } from '../approvals/state.ts'
import { newId } from '../ids.ts'
import type { GatedRequest } from '../request/gate.ts'
import { type ApprovalClaims, mismatchOf } from '../tokens/claims.ts'
import { refuseToken } from '../tokens/refusal.ts'
import type { Revocations } from '../tokens/revocations.ts'
import { kidOf } from '../tokens/tokens.ts'
import type { Decision, DecisionRequest } from '../types.ts'
import { type Decided, type DecideMore, digestOf } from './decide.ts'
import { type Outcome, overruled } from './outcome.ts'

/** Who redeems. What is given must match the token; an agent cannot redeem another's approval. */
export type Caller = { tenant?: string; agent?: string }

export type RedeemOptions = {
  records: Records
  revocations: Revocations
  verify: (token: string) => Promise<ApprovalClaims>
  gate: (request: DecisionRequest) => GatedRequest
  decide: (gated: GatedRequest, more: DecideMore) => Promise<Decided>
  now: () => number
  leaseMs: number
}

/** The right to run the stored call, once, until the lease ends. */
export type Claim = { record: ApprovalRecord; gated: GatedRequest; decision: Decision }

const same = (a: string, b: string) => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Checks 5 and 6: the caller's tenant and agent are those the approval was made for. */
function checkCaller({ tenant, request }: ApprovalRecord, caller: Caller): void {
  if ((caller.tenant ?? tenant) !== tenant) throw refuseToken('token_tenant')
  const { id } = request.subject
  if ((caller.agent ?? id) !== id) throw refuseToken('token_subject')
}

/**
 * Checks 5 to 12 of a redeem and the claim itself. Answers the claim, or the outcome that the current policy
 * forces. Throws when the token is refused or another process was faster. The tool has not run in any of these cases.
 */
export async function redeem(
  token: string,
  caller: Caller,
  options: RedeemOptions,
): Promise<Claim | Outcome<never>> {
  const { records, revocations, verify, gate, decide, now, leaseMs } = options
  const claims = await verify(token)
  const record = await records.load(claims.authorization_details[0].approval_id)
  checkCaller(record, caller)
  if (record.state !== 'approved' && record.state !== 'executing')
    throw stateError(record.id, record.state, 'its token cannot be redeemed')
  // Check 8, and single use: claiming empties the grant, so that a spent token is a superseded one.
  if (record.grant === null || !same(record.grant.jti, claims.jti))
    throw refuseToken('token_superseded')
  if (
    record.state === 'executing' &&
    now() < (record.attempt?.leaseUntil ?? Number.POSITIVE_INFINITY)
  ) {
    throw stateError(record.id, record.state, 'another process is running it')
  }
  // Check 9: the digest is worked out again from the very input that would run.
  const gated = gate(record.request)
  if (!same(digestOf(gated), record.digest)) {
    throw alteredError(record.id, 'its input is not the one that was approved')
  }
  const mismatch = mismatchOf(claims, record)
  if (mismatch !== undefined) throw refuseToken(mismatch)
  await revocations.assertNone(record, kidOf(token))

  // Check 11: what was approved yesterday is decided again under the policy of today.
  const again = await decide(gated, { approval: record.id })
  const satisfied =
    again.decision.effect === 'allow' ||
    (again.decision.effect === 'require_approval' &&
      requirementsMet(again.requirements, record.votes, record.digest))
  if (!satisfied) return revokeForPolicy(record, again, records)

  const startedAt = now()
  const attempt = {
    id: newId(),
    number: (record.attempt?.number ?? 0) + 1,
    startedAt,
    leaseUntil: startedAt + leaseMs,
  }
  const event = redeemedEvent(record, attempt, claims.jti, again.decision.id)
  const next = { state: 'executing' as const, attempt, grant: null }
  // A further attempt has no such deadline: the call began to run in time.
  const window = record.state === 'approved' && record.executeBy !== null
  const claimed = await records.commit(record, {
    next,
    events: [event],
    ...(window && { window: { before: record.executeBy as number } }),
  })
  if (claimed === undefined) {
    const why = 'another process was faster, or its time has just run out'
    throw stateError(record.id, record.state, why)
  }
  return { record: claimed, gated, decision: again.decision }
}

async function revokeForPolicy(
  record: ApprovalRecord,
  again: Decided,
  records: Records,
): Promise<Outcome<never>> {
  const reason = again.decision.reasons.find(({ id }) => id === 'stopped') ?? {
    id: 'policy_changed',
    message: 'The policy has changed since this call was approved and does not let it run any more',
  }
  const denied = overruled(again.decision, reason)
  // A repeated attempt of a tool that is safe to repeat: its first attempt may have run, so it is not `revoked`.
  const state = record.state === 'executing' ? ('unknown' as const) : ('revoked' as const)
  const events = [revokedEvent(record, null, reason.id)]
  const committed = await records.commit(record, { next: { state, reason }, events })
  return { status: 'denied', decision: denied, approval: toApproval(committed ?? record) }
}
