import { promisify } from 'node:util'
import { gunzipSync, gzip } from 'node:zlib'
import { parseRecord } from '../read/read.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { type Place, readLeaves, streamStart } from '../write/read-leaves.ts'
import { announce } from './announce.ts'
import { sinkConflict } from './errors.ts'
import type { ShippingSink } from './guarded-sink.ts'
import { checkpointKey, segmentKey } from './layout.ts'
import type { ShipOptions } from './ship-options.ts'
import { note, type Shipped } from './shipped.ts'

const zip = promisify(gzip)

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
  const { log, stream, sink, signal } = options
  let shipped = from
  if (!shipped.announced) {
    await announce(options)
    shipped = await note(options, { ...shipped, announced: true })
  }
  shipped = await shipSegments(options, target.size, shipped)
  const { checkpoint } = target
  if (checkpoint !== undefined && checkpoint.size > shipped.size) {
    signal?.throwIfAborted()
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

/** While one object is on its way the next is read and packed: after an outage there is much to bring. */
async function shipSegments(options: ShipOptions, size: number, from: Shipped): Promise<Shipped> {
  let shipped = from
  let ahead: Promise<Packed> | undefined
  while (shipped.seq < size) {
    options.signal?.throwIfAborted()
    const packed = await (ahead ?? pack(options, size, shipped))
    const next = behind(shipped, packed.run)
    ahead = next.seq < size ? pack(options, size, next) : undefined
    ahead?.catch(() => {}) // thrown when it is its turn
    const reached = await putSegment(options, size, shipped, packed)
    // Somebody had cut them elsewhere: then other records come next.
    if (reached.seq !== next.seq) ahead = undefined
    shipped = await note(options, reached)
  }
  return shipped
}

type Packed = { run: Run; bytes: Buffer }

async function pack(options: ShipOptions, size: number, from: Shipped): Promise<Packed> {
  const run = await readRun(options, size, from, options.segmentBytes)
  if (run.count === 0) {
    throw new Error(`the records of ${options.stream} are not on the disk any more`)
  }
  return { run, bytes: await zip(run.raw) }
}

const behind = (from: Shipped, run: Run): Shipped => ({
  ...from,
  seq: from.seq + run.count,
  place: run.behind,
  bytes: from.bytes + run.raw.length,
})

async function putSegment(
  options: ShipOptions,
  size: number,
  from: Shipped,
  { run, bytes }: Packed,
): Promise<Shipped> {
  const { log, stream, sink } = options
  // A note that does not fit what is on the disk was not written by this log: what it says is not believed.
  if (from.seq > 0 && (run.firstSeq ?? from.seq) !== from.seq) {
    return { ...from, seq: 0, bytes: 0, place: streamStart }
  }
  const key = segmentKey(log, stream, from.seq)
  const put = await sink.put(key, bytes, 'application/gzip')
  const there = put === 'different' ? await runThere(options, size, from, key) : run
  if (there === undefined) throw sinkConflict(sink.name, key)
  return behind(from, there)
}

type Run = { raw: Buffer; count: number; firstSeq: number | undefined; behind: Place }

/** Whole lines from where the stream has come, until there are so many bytes or no more records. */
async function readRun(
  { directory, stream }: ShipOptions,
  size: number,
  from: Shipped,
  enough: number,
): Promise<Run> {
  const parts: Buffer[] = []
  let length = 0
  let at = from.place
  for await (const run of readLeaves(directory, stream, from.place, size - from.seq)) {
    for (const [n, offset] of run.ends.entries()) {
      if (length > 0 && length >= enough) break
      const line = run.line(n)
      parts.push(line, newline)
      length += line.length + 1
      at = { file: run.file, offset }
    }
    if (length >= enough) break
  }
  const firstSeq = parts[0] && parseRecord(parts[0].toString())?.seq
  return { raw: Buffer.concat(parts, length), count: parts.length / 2, firstSeq, behind: at }
}

const newline = Buffer.from('\n')

/** Far above any object this log writes. */
const maxObjectBytes = 64 * 1024 * 1024

/**
 * A process that died after its put may have cut the same records elsewhere: what it put counts, when it is the same.
 * Undefined when it is not.
 */
async function runThere(
  options: ShipOptions,
  size: number,
  from: Shipped,
  key: string,
): Promise<Run | undefined> {
  const there = await options.sink.get(key)
  const text = there && unzip(there)
  if (text === undefined) return undefined
  const run = await readRun(options, size, from, text.length)
  return run.raw.equals(text) ? run : undefined
}

function unzip(bytes: Buffer): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: maxObjectBytes })
  } catch {
    return undefined
  }
}

async function isSameTree(sink: ShippingSink, key: string, text: string): Promise<boolean> {
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
