import { isUtf8 } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { isAlteredRecord } from '../folder/tail.ts'
import { newestCheckpoint } from '../read/newest-checkpoint.ts'
import { parseRecord, splitLines } from '../read/read.ts'
import { type Anomaly, type LogSource, SegmentDamage, type StreamRef } from '../read/source.ts'
import { leafBytes } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import { checkpointKey, isArchiveLog, segmentKey } from '../sink/layout.ts'
import type { AuditSink } from '../sink/sink.ts'
import { createLeaves, type Leaves } from '../tlog/leaves.ts'

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
  /** The newest checkpoint. */
  checkpoint: { size: number; root: Buffer; text: string } | undefined
  leaves: Leaves
  /** What is wrong with it and is not to be seen in its lines. */
  damage: Anomaly[]
}

/** A record, its line, and its place in the stream. The line is only good until the next one. */
export type Visit = (record: AuditRecord, line: Buffer, seq: number) => void

/**
 * Copies a stream into the pack as one that an archive holds, whole: what a checkpoint covers can only be recomputed
 * from all of it. Damaged lines are copied as they are: the verifier of the pack has to find them.
 */
export async function packStream(
  source: LogSource,
  ref: StreamRef,
  pack: AuditSink,
  visit: Visit,
): Promise<PackedStream | undefined> {
  const { stream } = ref
  // Before the records: what it covers is there by then.
  let checkpoint = await newestCheckpoint(source, ref)
  const leaves = createLeaves()
  const damage: Anomaly[] = []
  let log = ref.log
  let parts: Buffer[] = []
  let bytes = 0
  let genesis = ''
  let [from, to] = ['', '']
  let closed = false

  async function write(): Promise<void> {
    if (parts.length === 0) return
    log ??= 'lelu' // no line says it
    const firstSeq = leaves.size - parts.length / 2
    const body = await zip(Buffer.concat(parts, bytes))
    await pack.put(segmentKey(log, stream, firstSeq), body, 'application/gzip')
    parts = []
    bytes = 0
  }

  for await (const line of linesOf(source, ref, damage)) {
    const record = isUtf8(line) ? parseRecord(line.toString()) : undefined
    if (record !== undefined) {
      if (isArchiveLog(record.log)) log ??= record.log
      from ||= record.ts
      to = record.ts
      closed = record.kind === 'close'
      visit(record, line, leaves.size)
    }
    if (leaves.size === 0) genesis = line.toString()
    leaves.add(leafBytes(line))
    parts.push(line, newline)
    bytes += line.length + 1
    if (bytes >= segmentBytes) await write()
  }
  await write()
  if (log === undefined) return undefined
  // A stream that has just been closed is signed to its end in a moment.
  const waits = source.kind === 'folder' && closed && isJustNow(to)
  for (let tries = 0; waits && tries < 20; tries += 1) {
    if ((checkpoint?.size ?? 0) >= leaves.size) break
    await sleep(50)
    checkpoint = await newestCheckpoint(source, ref)
  }
  if (checkpoint !== undefined) {
    const key = checkpointKey(log, stream, checkpoint.size)
    await pack.put(key, Buffer.from(checkpoint.text), 'text/plain; charset=utf-8')
  }
  return { log, stream, records: leaves.size, from, to, genesis, checkpoint, leaves, damage }
}

const isJustNow = (time: string): boolean => Math.abs(Date.now() - Date.parse(time)) < 10_000

/** Whole lines, and those that lost their ends. What is merely unfinished was never answered. */
async function* linesOf(
  source: LogSource,
  ref: StreamRef,
  damage: Anomaly[],
): AsyncGenerator<Buffer> {
  const { stream } = ref
  const { segments, others } = await source.segments(ref)
  for (const [index, segment] of segments.entries()) {
    const { file } = segment
    const isLast = index === segments.length - 1
    try {
      for await (const { bytes, whole } of splitLines(source.read(ref, segment), {
        stream,
        file,
      })) {
        const unfinished = !whole && isLast && source.kind === 'folder' && !isAlteredRecord(bytes)
        if (!unfinished) yield bytes
      }
    } catch (error) {
      if (!(error instanceof SegmentDamage)) throw error
      damage.push({ code: error.code, stream, file, message: error.message })
    }
  }
  for (const file of others) {
    const message = 'the file does not belong to a stream'
    damage.push({ code: 'foreign_file', stream, file, message })
  }
}
