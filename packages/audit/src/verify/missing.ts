import type { OwnerState } from '../folder/owner.ts'
import type { LogSource, StreamRef } from '../read/source.ts'
import type { Claim, Claims } from './claims.ts'
import type { StreamRead } from './read-stream.ts'
import { type Problem, problemAt, type StreamReport } from './report.ts'
import type { Trust } from './trust.ts'

export type Found = { problems: Problem[]; warnings: string[] }

/** An archive gets what was recorded, and a checkpoint for it, some seconds later; a host that has trouble takes longer. */
export const arrivalMs: number = 10 * 60_000

/** Whether what a claim speaks of may still be on its way to the archive. */
export function mayArrive({ by }: Claim, now: number): boolean {
  return by !== undefined && Math.abs(now - Date.parse(by.ts)) < arrivalMs
}

type Expected = {
  /** For an archive, where streams may still arrive. */
  now: number | undefined
  /** For a part of a log: whether the stream does not belong to that part. */
  isOutside: ((stream: string, claim: Claim) => boolean) | undefined
}

/** Streams that somebody has seen and that are not there. */
export function missingStreams(
  refs: readonly StreamRef[],
  claims: Claims,
  { now, isOutside = () => false }: Expected,
): Found {
  const found: Found = { problems: [], warnings: [] }
  const there = new Set(refs.map(({ stream }) => stream))
  for (const stream of claims.streams()) {
    const claim = claims.of(stream).find(({ seq }) => seq !== null)
    if (there.has(stream) || claim === undefined) continue
    if (claims.of(stream).every((one) => isOutside(stream, one))) continue
    if (now !== undefined && mayArrive(claim, now)) {
      found.warnings.push(`stream ${stream}, which ${claim.who} saw, has not arrived yet`)
      continue
    }
    const message = `the stream is gone, but ${claim.who} saw its record ${claim.seq}`
    found.problems.push(problemAt('stream_missing', { stream, seq: claim.seq ?? 0 }, message))
  }
  return found
}

type Tails = {
  source: LogSource
  read: readonly StreamRead[]
  streams: readonly StreamReport[]
  owners: ReadonlyMap<string, OwnerState> | undefined
  trust: Trust
  now: number
  /** Where the newest records are not signed yet: a folder, or a copy of one. */
  lenient: boolean
  /** A stream that was closed from then on may have been copied before its last checkpoint: ISO 8601. */
  closedSince: string | undefined
  isOpen: ((stream: string) => boolean) | undefined
  /** What is wrong already: of those streams nothing more is said. */
  problems: readonly Problem[]
}

/**
 * Records that no signature covers although one should. A stream that was closed in order was signed to its end, and an
 * archive gets the checkpoint right behind the records; what stands there without one could be anybody's.
 */
export async function unsignedTails(tails: Tails): Promise<Found> {
  const { source, read, streams, owners, trust, lenient, closedSince, isOpen, now } = tails
  const known = new Set(tails.problems.map(({ stream }) => stream))
  const found: Found = { problems: [], warnings: [] }
  for (const [index, { covered, records, state, stream, to }] of streams.entries()) {
    const one = read[index] as StreamRead
    const { trusted, found: hasCheckpoint } = one.checkpoints
    const newest = trusted.at(-1)
    if (known.has(stream) || (newest?.size ?? 0) >= records) continue
    const tail = `records ${covered} to ${records - 1} of stream ${stream}`
    if (!lenient && (await isRecent(source, one.ref, now))) {
      found.warnings.push(`the newest records of stream ${stream} have no checkpoint yet`)
      continue
    }
    const closing =
      owners?.has(stream) === true ||
      isOpen?.(stream) === true ||
      (closedSince !== undefined && (to ?? '') >= closedSince)
    const ended = state === 'closed' && !closing
    if (ended && newest !== undefined) {
      const message = `the stream was signed to its end when it was closed, but its newest checkpoint is of ${newest.size} of ${records} records: an older one was put in its place`
      const at = { stream, file: newest.file, seq: newest.size - 1 }
      found.problems.push(problemAt('rollback', at, message))
      continue
    }
    if (covered >= records) continue
    if (lenient && (!ended || trust.from !== 'policy')) {
      if (!hasCheckpoint && trust.from !== 'none' && owners?.get(stream) !== 'alive') {
        const why = 'its process died before the first, or it was removed'
        found.warnings.push(`stream ${stream} has no signed checkpoint: ${why}`)
      }
      continue
    }
    const message = `${tail} are signed by nobody: no checkpoint covers them, and no other stream has noted them`
    found.problems.push(problemAt('unsigned', { stream, seq: covered }, message))
  }
  return found
}

async function isRecent(source: LogSource, ref: StreamRef, now: number): Promise<boolean> {
  const { segments } = await source.segments(ref)
  return now - (segments.at(-1)?.stored ?? 0) < arrivalMs
}
