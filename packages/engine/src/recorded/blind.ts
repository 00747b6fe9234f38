import { commitment, newSalt, type Opening } from '@lelu/audit'

/**
 * What blinds the digests of one call in the log: 32 random bytes in base64, the same in all records of the call, so that
 * these can be compared with each other. A bare digest of a short input would confirm any guess at it, for ever.
 */
export function newBlind(): string {
  return newSalt().toString('base64')
}

/** Places of blinded digests in records. */
export type BlindPlace = '/input_digest' | '/result/digest' | '/match'

/** The digest as records show it. An approval from before digests were blinded has no blind. */
export function blinded(blind: string | undefined, place: BlindPlace, digest: string): string {
  if (blind === undefined) return digest
  return commitment(Buffer.from(blind, 'base64'), place, JSON.stringify(digest))
}

/** What shows the digest that a record's `input_digest` stands for. Its salt is the blind of the whole call. */
export function digestOpening(blind: string, digest: string): Opening {
  return { path: '/input_digest', salt: blind, value: digest }
}
