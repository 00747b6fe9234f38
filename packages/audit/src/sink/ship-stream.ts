import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync, gzip } from 'node:zlib'
import type { FileLayer } from '../folder/file-layer.ts'
import { shippedFile } from '../folder/folder.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { type Place, readLeaves, streamStart } from '../write/read-leaves.ts'
import { announce } from './announce.ts'
import { sinkConflict } from './errors.ts'
import { checkpointKey, segmentKey } from './layout.ts'
import type { AuditSink, SinkCheck } from './sink.ts'

const zip = promisify(gzip)

/** How far a stream has come in the archive: `seq` is the next record, `size` that of the newest checkpoint there. */
export type Shipped = {
  sink: string
  place: Place
  seq: number
  size: number
  bytes: number
  announced: boolean
  /** The stream had ended, and all of it is there. */
  complete: boolean
  /** The archive holds something else: nothing more of the stream can be put there. */
  conflict: boolean
}

export type ShipOptions = {
  files: FileLayer
  directory: string
  log: string
  stream: string
  sink: AuditSink
  check: SinkCheck
  /** Texts of the log's public key files by key id. */
  keys: () => Promise<readonly { name: string; text: string }[]>
  /** Bytes of records in one object. */
  segmentBytes: number
}

/** What there is to ship: records up to `size`, and a checkpoint that covers them, when there is one. */
export type Target = { size: number; checkpoint: { size: number; text: string } | undefined }

/**
 * Brings a stream into the archive: its announcement, its records, and the checkpoint that covers them. Only one process
 * at a time may do so: not every store refuses the second of two writers of a key (Ceph RGW 20.2 lets both win).
 * After a crash it goes on where the archive ends, whatever the note about it says.
 */
export async function shipStream(
  options: ShipOptions,
  target: Target,
  from: Shipped,
): Promise<Shipped> {
  const { log, stream, sink } = options
  let shipped = from
  if (!shipped.announced) {
    await announce(options)
    shipped = await note(options, { ...shipped, announced: true })
  }
  while (shipped.seq < target.size) {
    shipped = await note(options, await shipSegment(options, target.size, shipped))
  }
  const { checkpoint } = target
  if (checkpoint !== undefined && checkpoint.size > shipped.size) {
    const key = checkpointKey(log, stream, checkpoint.size)
    const put = await sink.put(key, Buffer.from(checkpoint.text), 'text/plain; charset=utf-8')
    // Signed a second time after a crash it differs in its time; of another tree it is a fork.
    if (put === 'different' && !(await isSameTree(sink, key, checkpoint.text))) {
      throw sinkConflict(sink.name, key)
    }
    shipped = await note(options, { ...shipped, size: checkpoint.size })
  }
  return shipped
}

async function shipSegment(options: ShipOptions, size: number, from: Shipped): Promise<Shipped> {
  const { directory, log, stream, sink, segmentBytes } = options
  const parts: Buffer[] = []
  const ends: { length: number; behind: Place }[] = []
  let length = 0
  const lines = readLeaves(directory, stream, from.place, size - from.seq)
  for await (const { bytes, behind } of lines) {
    parts.push(Buffer.from(bytes), newline)
    length += bytes.length + 1
    ends.push({ length, behind })
    if (length >= segmentBytes) break
  }
  if (ends.length === 0) throw new Error(`the records of ${stream} are not on the disk any more`)
  const raw = Buffer.concat(parts, length)
  const key = segmentKey(log, stream, from.seq)
  const put = await sink.put(key, await zip(raw), 'application/gzip')
  const taken = put === 'different' ? await lengthThere(sink, key, raw) : length
  const count = ends.findIndex((end) => end.length === taken) + 1
  const end = ends[count - 1]
  if (end === undefined) throw sinkConflict(sink.name, key)
  return {
    ...from,
    seq: from.seq + count,
    place: end.behind,
    bytes: from.bytes + end.length,
  }
}

const newline = Buffer.from('\n')

/** A process that died after its put had cut the same records elsewhere: what it put counts, when it is the same. */
async function lengthThere(sink: AuditSink, key: string, raw: Buffer): Promise<number> {
  const there = await sink.get(key)
  if (there === undefined) throw sinkConflict(sink.name, key)
  let text: Buffer
  try {
    text = gunzipSync(there, { maxOutputLength: Math.max(raw.length, 1) })
  } catch {
    throw sinkConflict(sink.name, key)
  }
  if (!text.equals(raw.subarray(0, text.length))) throw sinkConflict(sink.name, key)
  return text.length
}

async function isSameTree(sink: AuditSink, key: string, text: string): Promise<boolean> {
  const there = parseCheckpoint((await sink.get(key))?.toString() ?? '')
  const mine = parseCheckpoint(text)
  return (
    there !== undefined &&
    mine !== undefined &&
    there.origin === mine.origin &&
    there.size === mine.size &&
    there.root.equals(mine.root)
  )
}

/** Only to begin where it ended: a note that is lost costs some answers `same`. */
async function note(options: ShipOptions, shipped: Shipped): Promise<Shipped> {
  const path = join(options.directory, options.stream, shippedFile)
  await options.files.replace(path, Buffer.from(JSON.stringify(shipped)))
  return shipped
}

/** Says that a stream that has ended is whole in the archive. */
export const noteComplete = (options: ShipOptions, shipped: Shipped): Promise<Shipped> =>
  note(options, { ...shipped, complete: true })

/** Says that nothing more of a stream can be put into the archive. */
export const noteConflict = (options: ShipOptions, shipped: Shipped): Promise<Shipped> =>
  note(options, { ...shipped, conflict: true })

/** How far a stream has come in this sink. */
export async function readShipped(
  directory: string,
  stream: string,
  sink: string,
): Promise<Shipped> {
  const begin: Shipped = {
    sink,
    place: streamStart,
    seq: 0,
    size: 0,
    bytes: 0,
    announced: false,
    complete: false,
    conflict: false,
  }
  try {
    const text = await readFile(join(directory, stream, shippedFile), 'utf8')
    const shipped = JSON.parse(text) as Shipped
    return shipped.sink === sink && Number.isSafeInteger(shipped.seq) ? shipped : begin
  } catch {
    return begin
  }
}
