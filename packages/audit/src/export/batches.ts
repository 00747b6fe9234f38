import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, listStreams } from '../folder/folder.ts'
import { ownedStreams } from '../folder/ownership.ts'
import { readFlags } from '../folder/read-flags.ts'
import { readLines, toRecord } from '../read/read.ts'
import type { CursorPlace } from './cursor.ts'
import type { ExportedRecord } from './exported.ts'

export type BatchLimits = {
  /** Records of a batch at most. */
  records: number
  /** Bytes of their lines at most, but for one record. */
  bytes: number
}

/** Something in the log that cannot be sent, or is not there: `verifyLog` says what became of it. */
export type Oddity =
  | { type: 'no_record'; stream: string; file: string; line: number }
  | { type: 'gap'; stream: string; expected: number; found: number }

export type Batch = {
  records: ExportedRecord[]
  /** Of their lines. */
  bytes: number
  /** Where reading goes on once the batch is acknowledged. */
  places: Map<string, CursorPlace>
  oddities: Oddity[]
}

export type Batches = {
  /** What comes next, behind `places`; empty when there is nothing. All of it is on disk. */
  next(places: ReadonlyMap<string, CursorPlace>): Promise<Batch>
}

/** Asked before record `seq` is sent: how many records of the stream may be. Undefined is no limit. */
export type Until = (stream: string, seq: number) => Promise<number | undefined>

/** Reads a log in pieces, from wherever each stream was left. Every batch begins with another stream: none starves. */
export function batchesOf(directory: string, limits: BatchLimits, until: Until): Batches {
  let turn = ''
  /** Ended and acknowledged to the end. A log may have thousands of these, and is looked at each second. */
  const done = new Set<string>()

  /** False where something is left for later. */
  async function readStream(
    stream: string,
    from: CursorPlace | undefined,
    batch: Batch,
  ): Promise<boolean> {
    let limit = 0
    const { segments } = await listSegments(join(directory, stream))
    let next = from === undefined ? 0 : from.next
    for (const { file } of segments) {
      if (from !== undefined && file < from.file) continue
      const offset = file === from?.file ? from.offset : 0
      for await (const stored of readLines(directory, stream, file, { offset, line: 0 })) {
        if (!stored.whole || isFull(batch, limits)) return false
        const found = toRecord(stored)
        if (found === undefined) {
          batch.oddities.push({ type: 'no_record', stream, file, line: stored.line })
        } else {
          const { seq } = found.record
          if (seq >= limit) limit = (await until(stream, seq)) ?? Number.POSITIVE_INFINITY
          if (seq >= limit) return false
          if (next !== null && seq !== next) {
            batch.oddities.push({ type: 'gap', stream, expected: next, found: seq })
          }
          next = seq + 1
          batch.records.push(found)
          batch.bytes += stored.bytes.length
        }
        batch.places.set(stream, { file, offset: stored.end, next })
      }
    }
    return !batch.places.has(stream)
  }

  return {
    async next(places) {
      const batch: Batch = { records: [], bytes: 0, places: new Map(), oddities: [] }
      const streams = (await listStreams(directory)).filter((stream) => !done.has(stream))
      const owned = await ownedStreams(directory)
      // By its place and not by its name: streams are in the order of their beginnings, whatever host is named first.
      const start = streams.indexOf(turn) + 1
      const turned = [...streams.slice(start), ...streams.slice(0, start)]
      for (const stream of turned) {
        if (isFull(batch, limits)) break
        const atEnd = await readStream(stream, places.get(stream), batch)
        if (atEnd && !owned.has(stream)) done.add(stream)
        if (batch.places.has(stream)) turn = stream
      }
      await makeDurable(directory, batch.places)
      return batch
    },
  }
}

function isFull({ records, bytes }: Batch, limits: BatchLimits): boolean {
  return records.length >= limits.records || bytes >= limits.bytes
}

/**
 * A line that is in the file may not be on the disk yet, and a power cut would leave the receiver with a record that
 * the log does not have. So what is sent is forced to the disk first, whoever wrote it.
 */
async function makeDurable(
  directory: string,
  places: ReadonlyMap<string, CursorPlace>,
): Promise<void> {
  for (const [stream, { file }] of places) {
    const handle = await open(join(directory, stream, file), readFlags)
    try {
      await handle.datasync()
    } finally {
      await handle.close()
    }
  }
}
