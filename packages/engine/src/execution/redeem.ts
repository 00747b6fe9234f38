import { timingSafeEqual } from 'node:crypto'
import type { Prepared } from '../approvals/change.ts'
import { outcomeEvent, redeemedEvent, revokedEvent } from '../approvals/events.ts'
import { type ApprovalRecord, type Attempt, toApproval } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { isDenied, requirementsMet } from '../approvals/review.ts'
import { alteredError } from '../approvals/seal.ts'
import { newId } from '../ids.ts'
import { denied } from '../policy/reasons.ts'
import type { GatedRequest } from '../request/gate.ts'
import { ownMember } from '../request/own-member.ts'
import type { SwapWindow } from '../store/store.ts'
import { type ApprovalClaims, mismatchOf } from '../tokens/claims.ts'
import { type MintOptions, type NewGrant, newGrant, signToken } from '../tokens/mint.ts'
import { refuseToken } from '../tokens/refusal.ts'
import type { Revocations } from '../tokens/revocations.ts'
import type { Decision, DecisionRequest } from '../types.ts'
import { type DecideMore, type Deciding, digestOf } from './decide.ts'
import { isFresh, type StoppedCheck } from './kill-switch.ts'
import { isHeldBy, underLease } from './lease.ts'
import { type Outcome, overruled } from './outcome.ts'

/** Who redeems. What is given must match the token; an agent cannot redeem another's approval. */
export type Caller = { tenant?: string; agent?: string }

export type RedeemOptions = Omit<MintOptions, 'records'> & {
  records: Records
  revocations: Revocations
  stopped: StoppedCheck
  verify: (token: string) => Promise<ApprovalClaims>
  gate: (request: DecisionRequest) => GatedRequest
  begin: (gated: GatedRequest, more: DecideMore) => Promise<Deciding>
  leaseMs: number
  /** The same call as it is asked for now: what is known of it today is decided on, and never its input. */
  asked?: DecisionRequest
}

/** The right to run the stored call, once, until the lease ends. */
export type Claim = { record: ApprovalRecord; gated: GatedRequest; decision: Decision }

const same = (a: string, b: string) => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Check 6: the agent is the one the approval was made for. Check 5, the tenant, is part of the load. */
export function checkCaller({ request }: ApprovalRecord, caller: Caller): void {
  // One that is there but undefined is refused as well: an authentication that found nobody must not run anybody's.
  const agent = ownMember(caller, 'agent')
  if (agent !== undefined && agent.value !== request.subject.id) throw refuseToken('token_subject')
}

/** Signs the token of this record and verifies it as anybody's: what it says must be what the record says. */
async function proveToken(minted: NewGrant, options: RedeemOptions): Promise<void> {
  const claims = await options.verify(await signToken(minted, options))
  if (!same(minted.grant.jti, claims.jti)) throw refuseToken('token_superseded')
  const mismatch = mismatchOf(claims, minted.claims)
  if (mismatch !== undefined) throw refuseToken(mismatch)
}

/** The call on record, with what the host says of its surroundings today; what it leaves out stands as it was. */
function asOfNow(stored: DecisionRequest, asked: DecisionRequest | undefined): DecisionRequest {
  if (asked === undefined) return stored
  const { subject, resource, context, confidence } = asked
  return {
    ...stored,
    subject,
    ...(resource !== undefined && { resource }),
    ...(context !== undefined && { context }),
    ...(confidence !== undefined && { confidence }),
  }
}

/** When all that can go on without waiting has: what was begun for another thread is on its way there. */
const stepsTaken = () => new Promise<void>((resolve) => process.nextTick(resolve))

/**
 * Mints and redeems in one: the swap that claims the call also spends its token, so that no unspent token lies
 * anywhere, and every earlier one is void. Answers the claim, or the outcome that the current policy forces, or the
 * record as it is now when it is somebody else's meanwhile. The tool has not run in any of these cases.
 */
export async function redeem(
  record: ApprovalRecord,
  options: RedeemOptions,
): Promise<Claim | Outcome<never> | ApprovalRecord> {
  const { records, revocations, gate, begin, now } = options
  const askedAt = now()
  const minted = newGrant(record, options)
  // In other threads, while this one decides.
  const proven = proveToken(minted, options)
  proven.catch(() => {}) // heard below, unless the call ends before
  await stepsTaken()
  // Check 9: the digest is worked out again from the very input that would run.
  const gated = gate(asOfNow(record.request, options.asked))
  if (!same(digestOf(gated), record.digest)) {
    throw alteredError(record.id, 'its input is not the one that was approved')
  }
  // In the turn in which the decision asks for the kill switch: then they are one question.
  const valid = Promise.all([proven, revocations.assertNone(record, minted.key.kid)])
  valid.catch(() => {}) // the same
  // Check 11: what was approved yesterday is decided again under the policy of today.
  const again = await begin(gated, { approval: record.id, blind: record.blind })
  const attempt = newAttempt(record, options)
  const claim = isSatisfied(again, record)
    ? prepareClaim(record, attempt, minted, again, records)
    : undefined
  await valid
  if (claim === undefined) return revokeForPolicy(record, await again.recorded, records)
  // In the log the decision comes before what it leads to; both are on their way to the disk at once.
  await again.written
  const [claimed, decision] = await Promise.all([claim(), again.recorded])
  // Its reply may have been lost, and somebody have written to the approval before it was read back.
  const stored = claimed ?? (await records.load(record.id, record.tenant))
  const latest = await underLease(stored, attempt, options)
  if (!isHeldBy(latest, attempt)) return latest
  if (isFresh(askedAt, now()) || (await mayStillRun(latest, minted.key.kid, options)))
    return { record: latest, gated, decision }
  return revokeForPolicy(latest, { ...decision, reasons: denied('stopped').reasons }, records)
}

/** False when somebody is stopped by now; throws when the approval was revoked. */
async function mayStillRun(
  record: ApprovalRecord,
  kid: string,
  { stopped, revocations }: RedeemOptions,
): Promise<boolean> {
  const [isStopped] = await Promise.all([
    stopped.isStopped(record.request.subject),
    revocations.assertNone(record, kid),
  ])
  return !isStopped
}

const isSatisfied = ({ effect, requirements }: Deciding, { votes, digest }: ApprovalRecord) =>
  effect === 'allow' ||
  (effect === 'require_approval' &&
    requirementsMet(requirements, votes, digest) &&
    // Under the policy of today a deny may be a veto.
    !isDenied(requirements, votes, digest))

/** A further attempt has no deadline, for the call began to run in time; but the one before must be lost by the database's clock. */
function windowOf({ state, executeBy, attempt }: ApprovalRecord): SwapWindow {
  if (state === 'approved') return executeBy === null ? {} : { before: executeBy }
  return attempt === null ? {} : { notBefore: attempt.leaseUntil }
}

function newAttempt(
  { attempt }: ApprovalRecord,
  { now, leaseMs }: Pick<RedeemOptions, 'now' | 'leaseMs'>,
): Attempt {
  const startedAt = now()
  const number = (attempt?.number ?? 0) + 1
  return { id: newId(), number, startedAt, leaseUntil: startedAt + leaseMs }
}

/** Made while the token is on its way: nothing but the swap is left to do when it is proven. */
function prepareClaim(
  record: ApprovalRecord,
  attempt: Attempt,
  minted: NewGrant,
  again: Deciding,
  records: Records,
): Prepared {
  return records.prepare(record, {
    next: { state: 'executing' as const, attempt, grant: null },
    events: [minted.event, redeemedEvent(record, attempt, minted.grant.jti, again.id)],
    window: windowOf(record),
  })
}

async function revokeForPolicy(
  record: ApprovalRecord,
  again: Decision,
  records: Records,
): Promise<Outcome<never>> {
  const reason = again.reasons.find(({ id }) => id === 'stopped') ?? {
    id: 'policy_changed',
    message:
      'The policy has changed since this call was approved, or what it looks at has: it may not run any more',
  }
  const denied = overruled(again, reason)
  // A repeated attempt of a tool that is safe to repeat: its first attempt may have run, so it is not `revoked`.
  const isTaken = record.state === 'executing'
  const state = isTaken ? ('unknown' as const) : ('revoked' as const)
  const ended = isTaken ? [outcomeEvent(record, { status: 'unknown' }, null)] : []
  const events = [revokedEvent(record, null, reason.id), ...ended]
  const committed = await records.commit(record, { next: { state, reason }, events })
  return { status: 'denied', decision: denied, approval: toApproval(committed ?? record) }
}
