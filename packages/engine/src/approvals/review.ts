import { LeluError } from '../errors.ts'
import type { Reason, Requirement, Subject } from '../types.ts'
import { widened } from './escalation.ts'
import type { ApprovalRecord, Reviewer, Vote } from './record.ts'
import { involved, isSamePerson, personOf } from './reviewer.ts'

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
  if (involved(record.request.subject).includes(personOf(reviewer.id))) {
    refuse(
      'the call is made by or for them',
      'Ask somebody who neither asked for the call nor benefits from it.',
    )
  }
  const { requirements, escalatedMs } = record
  if (requirements.length > 0 && !requirements.some((one) => counts(one, reviewer, escalatedMs))) {
    const asksForGroups = requirements.some((one) => widened(one, escalatedMs).groups !== undefined)
    refuse(
      'the policy names other reviewers',
      asksForGroups && reviewer.groups === undefined
        ? 'Ask one of the reviewers that the policy names. It names groups, and who is in one is said by the host that passes the reviewer: here none was said (the `lelu` command knows no groups).'
        : 'Ask one of the reviewers that the policy names.',
    )
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
 * Whether these requirements could be met by anybody within `withinMs`: those who are named by then and not involved are
 * enough. Who is in a group is only known when they review.
 */
export function canBeMet(
  requirements: readonly Requirement[],
  subject: Subject,
  withinMs: number,
): boolean {
  const excluded = involved(subject)
  // The deadline of one requirement is that of the call; whoever is named at that very moment is too late.
  const until = Math.min(withinMs, ...requirements.map((one) => one.expiresInMs ?? withinMs)) - 1
  return requirements.every((requirement) => {
    const { reviewers, groups, quorum } = widened(requirement, until)
    if (reviewers === null || groups !== undefined) return true
    const people = new Set(reviewers.map(personOf))
    return [...people].filter((person) => !excluded.includes(person)).length >= quorum
  })
}

/** A vote that stands: given on exactly this input, and not before an edit. */
const stands = (vote: Vote, digest: string) => vote.digest === digest && vote.void !== true

/** The last vote of the same person on the same input, if any. */
export function earlierVote(record: ApprovalRecord, reviewer: Reviewer): Vote | undefined {
  return record.votes.findLast(
    (vote) => stands(vote, record.digest) && isSamePerson(vote.reviewer, reviewer),
  )
}

/** Whether this person's vote, given again now, would count where none of theirs did: a step or a group of theirs is new. */
export function countsForMore(record: ApprovalRecord, reviewer: Reviewer): boolean {
  const { votes, digest, escalatedMs, requirements } = record
  const given = votes.filter(
    (vote) => stands(vote, digest) && isSamePerson(vote.reviewer, reviewer),
  )
  return requirements.some(
    (one) =>
      counts(one, reviewer, escalatedMs) &&
      !given.some((vote) => counts(one, vote.reviewer, vote.escalatedMs)),
  )
}

/** A vote counts by what was in force when it was given, under the policy of today as well. */
function isMet(requirement: Requirement, votes: readonly Vote[]): boolean {
  const counted = votes.filter((vote) => counts(requirement, vote.reviewer, vote.escalatedMs))
  const people = new Set(counted.map(({ reviewer }) => personOf(reviewer.id)))
  return people.size >= requirement.quorum
}

/** Whether the approving votes on exactly this input meet every requirement. None asked for: one vote is needed. */
export function requirementsMet(
  requirements: readonly Requirement[],
  votes: readonly Vote[],
  digest: string,
): boolean {
  const approving = votes.filter((vote) => vote.verdict === 'approve' && stands(vote, digest))
  return approving.length > 0 && requirements.every((requirement) => isMet(requirement, approving))
}

/** Whether the denying votes on exactly this input end the call: one does, unless the policy says otherwise. */
export function isDenied(
  requirements: readonly Requirement[],
  votes: readonly Vote[],
  digest: string,
): boolean {
  const denying = votes.filter((vote) => vote.verdict === 'deny' && stands(vote, digest))
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
