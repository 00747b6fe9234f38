import { LeluError } from '../errors.ts'
import type { Json } from '../types.ts'
import { callerTenant, type TenantScope } from './caller-tenant.ts'
import type { Change } from './change.ts'
import { reviewedEvent } from './events.ts'
import { readReason } from './reason.ts'
import type { ApprovalRecord, Reviewer, Vote } from './record.ts'
import {
  assertEligible,
  countsForMore,
  denialReason,
  earlierVote,
  isDenied,
  requirementsMet,
} from './review.ts'
import { readReviewer } from './reviewer.ts'
import { type ApprovalState, stateError } from './state.ts'

/** What a reviewer says of a call that waits. */
export type Review = TenantScope & {
  verdict: 'approve' | 'deny'
  /** From the host's authentication of the person, never from the request. */
  reviewer: Reviewer
  /** The model reads it when the verdict is deny. At most 2 000 characters. */
  reason?: string
  /** The digest of the input the reviewer was shown: the vote is refused when the input is another by now. */
  digest?: string
  /** An edited input: a new decision, so schema, policy and digest are worked out again and earlier votes are void. */
  input?: Json
}

/** The review of a person, without whatever else the host passed. Throws `LELU_REVIEW_INVALID`. */
export function readReview(given: Review): Review {
  const reviewer = readReviewer(given?.reviewer)
  const tenant = callerTenant(given)
  const reason = readReason(given.reason)
  // Each by its name: a spread would leave out a digest or an edit that the object has from its class.
  const { verdict, digest, input } = given
  if (verdict !== 'approve' && verdict !== 'deny') {
    throw new LeluError('LELU_REVIEW_INVALID', 'A verdict is `approve` or `deny`.', {
      help: 'Pass one of the two words.',
    })
  }
  return {
    ...{ verdict, reviewer },
    ...(tenant !== undefined && { tenant }),
    ...(reason !== undefined && { reason }),
    ...(digest !== undefined && { digest }),
    ...(input !== undefined && { input }),
  }
}

/** Throws when the reviewer was shown another input than the one on record. */
export function assertSeen({ id, state, digest }: ApprovalRecord, review: Review): void {
  if (review.digest === undefined || review.digest === digest) return
  throw stateError(id, state, 'its input is not the one that was reviewed; look at it again')
}

/** What the votes came to, once they came to anything. */
function settledAs(state: ApprovalState): Review['verdict'] | undefined {
  if (state === 'denied') return 'deny'
  return ['approved', 'executing', 'completed', 'failed', 'unknown'].includes(state)
    ? 'approve'
    : undefined
}

/** `allowedAt`: what the approval counts as given at when something is revoked. */
export type Terms = { now: number; allowedAt: number; executeWithinMs: number }

/** What a vote makes of a pending approval; undefined when it says again what was said. Throws when it may not count. */
export function voteChange(
  record: ApprovalRecord,
  review: Review,
  edited: Partial<ApprovalRecord>,
  { now, allowedAt, executeWithinMs }: Terms,
): Change | undefined {
  const { verdict, reviewer, reason = null } = review
  if (record.state !== 'pending') {
    const before = earlierVote(record, reviewer)
    if (before?.verdict === verdict && settledAs(record.state) === verdict) return undefined // said twice: fine
    throw stateError(record.id, record.state, `a review comes too late`)
  }
  // The check of an edit took its time.
  if (now >= record.approveBy) throw stateError(record.id, record.state, 'a review comes too late')
  assertEligible(record, reviewer)
  assertSeen(record, review)
  const base: ApprovalRecord = { ...record, ...edited }
  const before = earlierVote(base, reviewer)
  if (before?.verdict === verdict && !countsForMore(base, reviewer)) return undefined
  if (before !== undefined && before.verdict !== verdict)
    throw stateError(record.id, record.state, `${reviewer.id} has voted ${before.verdict} already`)
  const { escalatedMs } = base
  const vote: Vote = {
    ...{ reviewer, verdict, digest: base.digest, reason, at: now },
    ...(escalatedMs > 0 && { escalatedMs }),
  }
  const votes = [...base.votes, vote]
  const isEdit = review.input !== undefined
  const window = { before: base.approveBy }
  if (isDenied(base.requirements, votes, base.digest)) {
    const next = { ...edited, state: 'denied' as const, votes, reason: denialReason(reason) }
    return { next, window, events: [reviewedEvent(base, vote, 'denied', isEdit)] }
  }
  if (!requirementsMet(base.requirements, votes, base.digest)) {
    const next = { ...edited, state: 'pending' as const, votes }
    return { next, window, events: [reviewedEvent(base, vote, 'pending', isEdit)] }
  }
  const next = {
    ...edited,
    state: 'approved' as const,
    votes,
    approvedAt: allowedAt,
    executeBy: now + (record.executeWithinMs ?? executeWithinMs),
  }
  return { next, window, events: [reviewedEvent(base, vote, 'approved', isEdit)] }
}
