import { LeluError } from '../errors.ts'
import type { Marks } from './store.ts'

/** A row as the server answers it. */
export type Row = Record<string, unknown>

/** The types that our statements answer, by their OIDs; all others are texts. */
const parsers: Record<number, (text: string) => unknown> = {
  16: (text) => text === 't', // boolean
  20: Number, // bigint
  21: Number,
  23: Number, // integer
  114: JSON.parse,
  700: Number,
  701: Number, // double precision
}

const asText = (text: string): unknown => text

function refuseBinary(): never {
  throw corrupt('PostgreSQL answered in its binary format.')
}

/**
 * How answers are read. A table of our own: that of `pg` is global to the process, and a host that has its JSON left as
 * text would have every stop and revocation overlooked.
 */
export const ownTypes = {
  getTypeParser: (oid: number, format?: string): ((text: string) => unknown) =>
    format === 'binary' ? refuseBinary : (parsers[oid] ?? asText),
}

function corrupt(message: string): LeluError {
  return new LeluError('LELU_STORE_CORRUPT', message, {
    help: 'Nothing was run: stops and revocations could not be read. Check that `pg` is as it was published, and that nobody but Lelu has changed lelu_watermark.',
  })
}

/** The marks of an answer; null where no scope has any. What is no such object must not be taken for "nobody is stopped". */
export function marksFrom(found: unknown): Marks {
  const marks: Marks = Object.create(null)
  if (found === null) return marks
  if (typeof found !== 'object' || Array.isArray(found)) {
    throw corrupt('The revocations in PostgreSQL cannot be read.')
  }
  for (const [scope, mark] of Object.entries(found)) {
    if (!Number.isFinite(mark)) throw corrupt('A revocation in PostgreSQL is no number.')
    marks[scope] = mark as number
  }
  return marks
}
