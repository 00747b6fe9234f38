import { join } from 'node:path'
import { parseRecord, readLines, type StoredLine } from '../read/read.ts'
import { genesisHash, leafHash, sumHolds } from '../record/line.ts'
import { type Head, listSegments } from './folder.ts'

/** How a stream ends. `torn` are bytes behind the last whole record, in the newest segment from offset `end` on. */
export type Tail = {
  file: string | undefined
  end: number
  torn: Buffer | undefined
  head: Head | undefined
  closed: boolean
  /** Something is wrong that no crash leaves behind: nothing may be cut. */
  damaged: boolean
}

/** Reads the newest segment of a stream, and the last record of the one before when the newest has none. */
export async function readEnd(directory: string, stream: string): Promise<Tail> {
  const { segments } = await listSegments(join(directory, stream))
  const tail: Tail = {
    file: segments.at(-1)?.file,
    end: 0,
    torn: undefined,
    head: undefined,
    closed: false,
    damaged: false,
  }
  // The last record may be in the segment before: a crash can come between the name and the first line of a new one.
  for (const { file, firstSeq } of segments.slice(-2)) {
    if (tail.torn !== undefined) tail.damaged = true
    tail.end = 0
    tail.torn = undefined
    if (tail.head !== undefined && firstSeq !== tail.head.seq + 1) tail.damaged = true
    for await (const stored of readLines(directory, stream, file)) {
      if (stored.whole) follow(tail, stored)
      else tail.torn = Buffer.from(stored.bytes)
    }
  }
  if (tail.torn !== undefined && isAlteredRecord(tail.torn)) tail.damaged = true
  return tail
}

function follow(tail: Tail, { bytes, stream, end }: StoredLine): void {
  const text = bytes.toString()
  const record = sumHolds(text) ? parseRecord(text) : undefined
  const { head } = tail
  const first = head === undefined && record?.seq === 0
  const linked =
    record !== undefined &&
    record.stream === stream &&
    (head !== undefined
      ? record.seq === head.seq + 1 && record.prev === head.leaf
      : !first || record.prev === genesisHash(record.log, stream))
  if (!linked || tail.closed) tail.damaged = true
  if (record === undefined) return
  tail.closed = record.kind === 'close'
  tail.head = { seq: record.seq, leaf: leafHash(bytes) }
  tail.end = end
}

/**
 * Whether an unfinished line is a finished one whose newline was altered: a write that was cut short leaves the
 * beginning of a line (or zero bytes), never a whole record with something else behind it.
 */
export function isAlteredRecord(torn: Buffer): boolean {
  const brace = torn.lastIndexOf(0x7d)
  const rest = torn.subarray(brace + 1)
  return (
    brace !== -1 && rest.some((byte) => byte !== 0) && sumHolds(torn.toString('utf8', 0, brace + 1))
  )
}
