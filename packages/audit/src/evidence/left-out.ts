import { lastRecord } from '../read/last-record.ts'
import { newestCheckpoint } from '../read/newest-checkpoint.ts'
import { splitLines, toRecord } from '../read/read.ts'
import { type LogSource, SegmentDamage, type StreamRef } from '../read/source.ts'
import { leafBytes } from '../record/line.ts'
import { ulidTime } from '../record/ulid.ts'
import { createLeaves } from '../tlog/leaves.ts'
import { formatProof } from '../tlog/proof.ts'
import type { Period } from './population.ts'
import { proofsIn } from './tree-levels.ts'

/** A stream that a pack may leave out: `proof` is that of its last record. */
export type LeftOut = { side: 'after' } | { side: 'before'; proof: string }

/**
 * Whether a stream lies outside of a period, and can be shown to: its name says when it began, and the signed record
 * that closed it when it ended. Whatever else there is, such as the stream of a process that died, is no reason to
 * leave it out.
 */
export async function leftOut(
  source: LogSource,
  ref: StreamRef,
  { from, to }: Period,
): Promise<LeftOut | undefined> {
  try {
    if (beginsFrom(ref.stream, to) && (await firstIsFrom(source, ref, to))) return { side: 'after' }
    if (!(await endsBefore(source, ref, from))) return undefined
    const proof = await lastProof(source, ref)
    return proof === undefined ? undefined : { side: 'before', proof }
  } catch (error) {
    if (error instanceof SegmentDamage) return undefined // shown by the whole of it
    throw error
  }
}

/** A stream's name ends with the time at which it was begun. */
export function beginsFrom(stream: string, to: string): boolean {
  return ulidTime(stream.slice(-26)) >= Date.parse(to)
}

/** The name is by the machine's clock, records by that of the log: where they differ, the stream is shown. */
async function firstIsFrom(source: LogSource, ref: StreamRef, to: string): Promise<boolean> {
  const segment = (await source.segments(ref)).segments[0]
  if (segment === undefined) return true
  const chunks = source.read(ref, segment, { alone: true })
  for await (const line of splitLines(chunks, { ...ref, file: segment.file })) {
    const ts = toRecord(line)?.record.ts
    return ts !== undefined && ts >= to
  }
  return true
}

async function endsBefore(source: LogSource, ref: StreamRef, from: string): Promise<boolean> {
  const last = await lastRecord(source, ref)
  return last?.kind === 'close' && last.ts < from
}

async function lastProof(source: LogSource, ref: StreamRef): Promise<string | undefined> {
  const checkpoint = await newestCheckpoint(source, ref)
  const leaves = createLeaves()
  let extra: Buffer = Buffer.alloc(0)
  for (const segment of (await source.segments(ref)).segments) {
    for await (const { bytes } of splitLines(source.read(ref, segment), {
      ...ref,
      file: segment.file,
    })) {
      leaves.add(leafBytes(bytes))
      extra = bytes
    }
    extra = Buffer.from(extra)
  }
  const index = leaves.size - 1
  if (checkpoint === undefined || checkpoint.size !== leaves.size) return undefined
  const hashes = proofsIn(leaves.bytes(), leaves.size)(index)
  return formatProof({ index, hashes, checkpoint: checkpoint.text, extra })
}
