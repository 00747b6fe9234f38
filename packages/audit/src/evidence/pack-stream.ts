import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { parseRecord } from '../read/read.ts'
import type { LogSource, StoredCheckpoint, StreamRef } from '../read/source.ts'
import { leafBytes } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import { checkpointKey, segmentKey } from '../sink/layout.ts'
import type { AuditSink } from '../sink/sink.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { createLeaves, type Leaves } from './tree-levels.ts'

const zip = promisify(gzip)
const segmentBytes = 4 * 1024 * 1024
const newline = Buffer.from('\n')

export type PackedStream = {
  log: string
  stream: string
  records: number
  from: string
  to: string
  /** The first line, as stored. */
  genesis: string
  /** The newest checkpoint that covers records which are in the pack. */
  checkpoint: { size: number; text: string } | undefined
  leaves: Leaves
}

/**
 * Copies a stream into the pack as one that an archive holds, whole: what a checkpoint covers can only be recomputed
 * from all of it. `visit` sees each record with its line.
 */
export async function packStream(
  source: LogSource,
  ref: StreamRef,
  pack: AuditSink,
  visit: (record: AuditRecord, line: Buffer) => void,
): Promise<PackedStream | undefined> {
  const { stream } = ref
  const leaves = createLeaves()
  let parts: Buffer[] = []
  let bytes = 0
  let first: AuditRecord | undefined
  let last: AuditRecord | undefined
  let genesis = ''

  async function write(): Promise<void> {
    if (parts.length === 0 || first === undefined) return
    const firstSeq = leaves.size - parts.length / 2
    const body = await zip(Buffer.concat(parts, bytes))
    await pack.put(segmentKey(first.log, stream, firstSeq), body, 'application/gzip')
    parts = []
    bytes = 0
  }

  for await (const line of linesOf(source, ref)) {
    const record = isUtf8(line) ? parseRecord(line.toString()) : undefined
    // A damaged line is copied as it is: the verifier of the pack has to find it.
    if (record !== undefined) {
      first ??= record
      last = record
      visit(record, line)
    }
    if (leaves.size === 0) genesis = line.toString()
    leaves.add(leafBytes(line))
    parts.push(line, newline)
    bytes += line.length + 1
    if (bytes >= segmentBytes) await write()
  }
  await write()
  if (first === undefined || last === undefined) return undefined
  const checkpoint = await newestCheckpoint(source, ref, leaves.size)
  if (checkpoint !== undefined) {
    const key = checkpointKey(first.log, stream, checkpoint.size)
    await pack.put(key, Buffer.from(checkpoint.text), 'text/plain; charset=utf-8')
  }
  return {
    log: first.log,
    stream,
    records: leaves.size,
    from: first.ts,
    to: last.ts,
    genesis,
    checkpoint,
    leaves,
  }
}

async function newestCheckpoint(
  source: LogSource,
  ref: StreamRef,
  records: number,
): Promise<PackedStream['checkpoint']> {
  let newest: PackedStream['checkpoint']
  for await (const { text } of source.checkpoints(ref) as AsyncIterable<StoredCheckpoint>) {
    const size = parseCheckpoint(text)?.size
    // One that was signed while the records were copied covers more than the pack holds.
    if (size !== undefined && size <= records && size >= (newest?.size ?? 0)) {
      newest = { size, text }
    }
  }
  return newest
}

/** Whole lines only: an unfinished one was never answered. */
async function* linesOf(source: LogSource, ref: StreamRef): AsyncGenerator<Buffer> {
  const { segments } = await source.segments(ref)
  for (const segment of segments) {
    let rest: Buffer = Buffer.alloc(0)
    for await (const chunk of source.read(ref, segment)) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let start = 0
      for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
        yield Buffer.from(bytes.subarray(start, end))
        start = end + 1
      }
      rest = bytes.subarray(start)
    }
  }
}
