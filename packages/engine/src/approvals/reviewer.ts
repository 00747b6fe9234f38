import { chainOf } from '../chain.ts'
import { LeluError } from '../errors.ts'
import type { Subject } from '../types.ts'
import type { Reviewer } from './record.ts'

const maxName = 256
const maxGroups = 100
/** Of all groups together: they are part of the record of a vote, and a line of the log is 64 KiB at most. */
const maxGroupUnits = 8192

const isName = (word: unknown): word is string =>
  typeof word === 'string' &&
  word.length > 0 &&
  word.length <= maxName &&
  word.isWellFormed() &&
  !/\p{Cc}/u.test(word)

/**
 * The person that a host names, without whatever else it passed. It must come from the host's own authentication.
 * Throws `LELU_REVIEW_INVALID`.
 */
export function readReviewer(given: unknown): Reviewer {
  const { id, issuer, method, groups } = (given ?? {}) as Partial<Reviewer>
  const areGroups = (list: unknown): list is string[] =>
    Array.isArray(list) &&
    list.length <= maxGroups &&
    list.every(isName) &&
    list.reduce((units, group) => units + group.length, 0) <= maxGroupUnits
  if (isName(id) && personOf(id) !== '' && isName(issuer) && isName(method)) {
    if (groups === undefined) return { id, issuer, method }
    if (areGroups(groups)) return { id, issuer, method, groups: [...groups] }
  }
  throw new LeluError(
    'LELU_REVIEW_INVALID',
    'A review needs its reviewer: { id, issuer, method }, all non-empty strings, and at most 100 groups of 8 192 characters together.',
    {
      help: 'Pass the identity your own authentication established, never one from the request.',
    },
  )
}

/** For an act of which nobody has to be named: cancelling, revoking, the kill switch. */
export function readActor(given: unknown): Reviewer | null {
  return given === undefined || given === null ? null : readReviewer(given)
}

/**
 * What two spellings of one person have in common: case, width, blanks around and what cannot be seen. Taking two people
 * for one asks for one more vote; taking one for two would let them vote twice, or approve their own call.
 */
export function personOf(id: string): string {
  const seen = id.normalize('NFKC').replace(/[\p{C}\p{DI}\u2800]/gu, '')
  // Again: what could not be seen may have kept a letter from its accent. By upper case: letters have more than one lower.
  const small = seen.normalize('NFKC').trim().toLowerCase()
  return small.toUpperCase().toLowerCase().normalize('NFKC')
}

/** Whether two ids are one person's, whoever vouches for them: another host or another login is no second reviewer. */
export function isSamePerson(a: Pick<Reviewer, 'id'>, b: Pick<Reviewer, 'id'>): boolean {
  return personOf(a.id) === personOf(b.id)
}

/** Everybody on whose behalf the call is made: the agent and whoever it acts for, to the end of the chain. */
export function involved(subject: Subject): string[] {
  return chainOf(subject).map(({ id }) => personOf(id))
}
