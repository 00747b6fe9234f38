import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { listSegments, listStreams } from '../folder/folder.ts'
import { readFlags } from '../folder/read-flags.ts'
import { leafHash, maxLineBytes } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import { assertLogThere } from './log-there.ts'

/** One stored line. `whole` is false for a last line without its newline. `end` is the offset behind it. */
export type StoredLine = {
  stream: string
  file: string
  line: number
  bytes: Buffer
  whole: boolean
  end: number
}

/** Where in a segment reading begins: behind `line` lines that end at `offset`. */
export type Position = { offset: number; line: number }

/** What is kept of a line that is longer than any record: enough to be no record. */
const longest = 2 * maxLineBytes

/** The lines of one segment of a log folder. */
export async function* readLines(
  directory: string,
  stream: string,
  file: string,
  position: Position = { offset: 0, line: 0 },
): AsyncGenerator<StoredLine> {
  const segment = await open(join(directory, stream, file), readFlags)
  const chunks = segment.createReadStream({ highWaterMark: 1 << 18, start: position.offset })
  yield* splitLines(chunks as AsyncIterable<Buffer>, { stream, file }, position)
}

/** The lines of a segment from `position` on, in constant memory. Of a line longer than two records only the beginning is kept. */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  { stream, file }: { stream: string; file: string },
  { offset, line: before }: Position = { offset: 0, line: 0 },
): AsyncGenerator<StoredLine> {
  let rest: Buffer = Buffer.alloc(0)
  let line = before
  let position = offset // behind the last newline
  let read = offset
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    read += chunk.length
    let start = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      line += 1
      const behind = read - (bytes.length - end - 1)
      yield { stream, file, line, bytes: bytes.subarray(start, end), whole: true, end: behind }
      position = behind
      start = end + 1
    }
    rest = bytes.subarray(start, start + longest)
  }
  if (read > position) yield { stream, file, line: line + 1, bytes: rest, whole: false, end: read }
}

/** `from`: only records with at least this `seq`, in every stream. */
export type ReadOptions = { directory: string; stream?: string; from?: number }

/** A stored record: parsed, as text, and where it is. `file` is a name within the stream's folder, `line` counts from 1. */
export type ReadRecord = {
  record: AuditRecord
  raw: string
  stream: string
  file: string
  line: number
  /** Base64 RFC 6962 leaf hash of the stored bytes. */
  leaf: string
}

/** Every whole record, stream by stream. Lines that are no record are left out: `verifyLog` names them. */
export async function* readRecords(options: ReadOptions): AsyncGenerator<ReadRecord> {
  const { directory, stream, from = 0 } = options
  await assertLogThere(directory)
  for (const name of await listStreams(directory)) {
    if (stream !== undefined && name !== stream) continue
    const { segments } = await listSegments(join(directory, name))
    for (const [index, { file }] of segments.entries()) {
      if ((segments[index + 1]?.firstSeq ?? Number.POSITIVE_INFINITY) <= from) continue
      for await (const stored of readLines(directory, name, file)) {
        const found = toRecord(stored)
        if (found !== undefined && found.record.seq >= from) yield found
      }
    }
  }
}

/** Undefined for a line that is not finished, or no record at all. */
export function toRecord({ stream, file, line, bytes, whole }: StoredLine): ReadRecord | undefined {
  if (!whole) return undefined
  const raw = bytes.toString()
  const record = parseRecord(raw)
  return record && { record, raw, stream, file, line, leaf: leafHash(bytes) }
}

/** The record of a line, or undefined when it has not even the shape of one. */
export function parseRecord(text: string): AuditRecord | undefined {
  let record: Partial<AuditRecord> | null
  try {
    record = JSON.parse(text) as Partial<AuditRecord> | null
  } catch {
    return undefined
  }
  if (typeof record !== 'object' || record === null) return undefined
  const { seq, prev, stream, log, kind, ts } = record
  const texts = [prev, stream, log, kind, ts]
  const shaped = Number.isSafeInteger(seq) && texts.every((one) => typeof one === 'string')
  return shaped && (seq as number) >= 0 ? (record as AuditRecord) : undefined
}
