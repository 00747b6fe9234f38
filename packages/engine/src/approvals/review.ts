import { LeluError } from '../errors.ts'
import type { Reason, Requirement, Subject } from '../types.ts'
import { widened } from './escalation.ts'
import type { ApprovalRecord, Reviewer, Vote } from './record.ts'

/** Everybody on whose behalf the call is made: the agent and whoever it acts for, to the end of the chain. */
function involved(subject: Subject): string[] {
  const ids: string[] = []
  for (let one: Subject | undefined = subject; one !== undefined; one = one.actingFor)
    ids.push(one.id)
  return ids
}

function sameReviewer(a: Reviewer, b: Reviewer): boolean {
  return a.id === b.id && a.issuer === b.issuer
}

/** Throws unless this person may vote: separation of duties (invariant 5), and the policy's list of reviewers. */
export function assertEligible(record: ApprovalRecord, reviewer: Reviewer): void {
  const refuse = (why: string, help: string) => {
    throw new LeluError(
      'LELU_REVIEWER_NOT_ELIGIBLE',
      `${reviewer.id} cannot review approval ${record.id}: ${why}.`,
      {
        help,
        details: { approval: record.id, reviewer: reviewer.id },
      },
    )
  }
  if (involved(record.request.subject).includes(reviewer.id)) {
    refuse(
      'the call is made by or for them',
      'Ask somebody who neither asked for the call nor benefits from it.',
    )
  }
  const { requirements, escalatedMs } = record
  if (requirements.length > 0 && !requirements.some((one) => counts(one, reviewer, escalatedMs))) {
    refuse('the policy names other reviewers', 'Ask one of the reviewers that the policy names.')
  }
}

/** Whether the vote of this person is one that the requirement asks for, once escalated so far. */
function counts(requirement: Requirement, reviewer: Reviewer, escalatedMs = 0): boolean {
  const { reviewers, groups } = widened(requirement, escalatedMs)
  if (reviewers === null && groups === undefined) return true
  const isNamed = reviewers?.includes(reviewer.id) ?? false
  return isNamed || (reviewer.groups?.some((group) => groups?.includes(group)) ?? false)
}

/**
 * Whether these requirements could be met by anybody: those who are named and not involved are enough. Who is in a
 * group is only known when they review.
 */
export function canBeMet(requirements: readonly Requirement[], subject: Subject): boolean {
  const excluded = involved(subject)
  return requirements.every((requirement) => {
    const { reviewers, groups, quorum } = widened(requirement, Number.POSITIVE_INFINITY)
    if (reviewers === null || groups !== undefined) return true
    return reviewers.filter((id) => !excluded.includes(id)).length >= quorum
  })
}

/** The last vote of the same person on the same input, if any. */
export function earlierVote(record: ApprovalRecord, reviewer: Reviewer): Vote | undefined {
  return record.votes.findLast(
    (vote) => vote.digest === record.digest && sameReviewer(vote.reviewer, reviewer),
  )
}

/** Whether this person's vote, given again now, would count where it did not: a step has come into force since. */
export function countsForMore(record: ApprovalRecord, { reviewer, escalatedMs }: Vote): boolean {
  return record.requirements.some(
    (one) => counts(one, reviewer, record.escalatedMs) && !counts(one, reviewer, escalatedMs),
  )
}

/** A vote counts by what was in force when it was given, under the policy of today as well. */
function isMet(requirement: Requirement, votes: readonly Vote[]): boolean {
  const counted = votes.filter((vote) => counts(requirement, vote.reviewer, vote.escalatedMs))
  const distinct = new Set(
    counted.map(({ reviewer }) => JSON.stringify([reviewer.issuer, reviewer.id])),
  )
  return distinct.size >= requirement.quorum
}

/** Whether the approving votes on exactly this input meet every requirement. None asked for: one vote is needed. */
export function requirementsMet(
  requirements: readonly Requirement[],
  votes: readonly Vote[],
  digest: string,
): boolean {
  const approving = votes.filter((vote) => vote.verdict === 'approve' && vote.digest === digest)
  return approving.length > 0 && requirements.every((requirement) => isMet(requirement, approving))
}

/** Whether the denying votes on exactly this input end the call: one does, unless the policy says otherwise. */
export function isDenied(
  requirements: readonly Requirement[],
  votes: readonly Vote[],
  digest: string,
): boolean {
  const denying = votes.filter((vote) => vote.verdict === 'deny' && vote.digest === digest)
  if (denying.length === 0) return false
  if (requirements.length === 0) return true
  return requirements.some((requirement) =>
    requirement.veto === false
      ? isMet(requirement, denying)
      : isMet({ ...requirement, quorum: 1 }, denying),
  )
}

/** What the model reads when a person said no. The reviewer's name stays out of it. */
export function denialReason(reason: string | null): Reason {
  const why = reason === null ? '' : `: ${reason}`
  return { id: 'reviewer_denied', message: `A reviewer denied this call${why}` }
}

/** Checks what a host passes as the reviewer; it must come from the host's own authentication. */
export function assertReviewer(reviewer: unknown): asserts reviewer is Reviewer {
  const { id, issuer, method, groups = [] } = (reviewer ?? {}) as Partial<Reviewer>
  const isName = (word: unknown) =>
    typeof word === 'string' && word.length > 0 && word.length <= 256
  const inGroups = Array.isArray(groups) && groups.length <= 100 && groups.every(isName)
  if ([id, issuer, method].every(isName) && inGroups) return
  throw new LeluError(
    'LELU_REVIEW_INVALID',
    'A review needs its reviewer: { id, issuer, method }, all non-empty strings, and at most 100 groups.',
    {
      help: 'Pass the identity your own authentication established, never one from the request.',
    },
  )
}
