import { hash } from 'node:crypto'
import { parseRecord } from '../read/read.ts'
import { type LogSource, SegmentDamage, type StreamRef } from '../read/source.ts'
import { genesisHash, leafHash, maxLineBytes } from '../record/line.ts'
import type { Findings } from './findings.ts'
import { createGlancer, type Glance } from './glance.ts'
import { type Known, newWalk, noteRecord, type Walk } from './walk.ts'

/** Where the walk goes on: in which segment (by number), behind which byte and line. */
export type Resume = { walk: Walk; segment: number; offset: number; line: number }

const newline = 10
/** Read at once: each read wakes a thread, which takes longer than to copy some 100 KB. */
const chunkBytes = 1 << 20

let idle: Buffer | undefined

/**
 * Reads the part of a stream that a trusted checkpoint covers, fast: leaf hashes, tree, `prev`, `seq`, and what the
 * report wants to know. Undefined as soon as anything is not as it should be: the slow walk then names the damage.
 * Bytes whose root is signed are those that the log wrote, so their sums and form need no look.
 */
export async function readSignedPart(
  source: LogSource,
  ref: StreamRef,
  known: Known,
  findings: Findings,
): Promise<Resume | undefined> {
  // Lent from stream to stream: two megabytes for each of thousands of short ones would be what verifying takes longest for.
  const memory = idle ?? Buffer.allocUnsafeSlow(2 * chunkBytes)
  idle = undefined
  try {
    return await readInto(memory, source, ref, known, findings)
  } finally {
    idle = memory
  }
}

async function readInto(
  memory: Buffer,
  source: LogSource,
  ref: StreamRef,
  known: Known,
  findings: Findings,
): Promise<Resume | undefined> {
  const { stream } = ref
  const walk = newWalk(stream)
  const { tree } = walk
  const glancer = createGlancer(stream)
  const into = [memory.subarray(0, chunkBytes), memory.subarray(chunkBytes)] as const
  const { segments } = await source.segments(ref)
  let prev = ''
  let nextTree = 0
  let file = ''
  let line = 0

  /** False when the line does not fit. The byte before `start` may be overwritten. */
  function take(chunk: Buffer, from: number, start: number, end: number): boolean {
    if (end - start > maxLineBytes) return false
    const seq = tree.size
    const leaf = leafOf(chunk, start, end)
    const seen = glancer.look(start - from, end - from, seq, prev)
    const record = seen === undefined ? parseRecord(chunk.toString('utf8', start, end)) : undefined
    if ((seen === undefined && record === undefined) || walk.closed) return false
    if (seq === 0) {
      const { log, kind } = record ?? {}
      if (log === undefined || kind !== 'genesis' || (known.log ?? log) !== log) return false
      walk.log = log
      prev = genesisHash(log, stream)
    }
    if (!glancer.follows(start - from, end - from, seq, prev)) return false
    prev = leaf
    tree.append(leaf)
    line += 1
    if (record !== undefined) findings.visit(record)
    else if (seen !== undefined) findings.glance(seen)
    const { kind, ts } = record ?? (seen as Glance)
    walk.closed = kind === 'close'
    noteRecord(walk, kind, ts, seq)
    return known.records.get(seq)?.every((one) => one.leaf === prev) ?? true
  }

  /** Compares the roots that are known of this size. */
  function fits(): boolean {
    for (let one = known.trees[nextTree]; one?.size === tree.size; one = known.trees[nextTree]) {
      if (one.root !== tree.root().toString('base64')) return false
      if (one.checkpoint !== undefined) walk.checkpoint = one.checkpoint
      nextTree += 1
    }
    return true
  }

  for (const [number, segment] of segments.entries()) {
    if (segment.firstSeq !== tree.size) return undefined
    file = segment.file
    line = 0
    let offset = 0
    let rest: Buffer | undefined

    /** Whether the line fits, and is the last that is signed. */
    function read(bytes: Buffer, from: number, start: number, end: number): Read {
      const length = end + 1 - start
      if (!take(bytes, from, start, end)) return 'unfit'
      offset += length
      if (tree.size === known.trees[nextTree]?.size && !fits()) return 'unfit'
      return tree.size < known.signed ? 'more' : 'all'
    }

    function readAll(chunk: Buffer): Read {
      let start = 0
      let result: Read = 'more'
      if (rest !== undefined) {
        // A line that two chunks hold is put together alone: to copy the chunk would cost more.
        const end = chunk.indexOf(newline)
        const whole = Buffer.concat([rest, end === -1 ? chunk : chunk.subarray(0, end)])
        rest = end === -1 ? whole : undefined
        if (rest === undefined) {
          glancer.over(whole.toString('latin1'))
          result = read(whole, 0, 0, whole.length)
        }
        start = end === -1 ? chunk.length : end + 1
      }
      // From which byte to which the glancer has the chunk as text.
      let from = 0
      let to = 0
      while (result === 'more') {
        const end = chunk.indexOf(newline, start)
        if (end === -1) break
        if (end > to) {
          from = start
          to = Math.max(end, chunk.lastIndexOf(newline, start + windowBytes))
          glancer.over(chunk.toString('latin1', from, to))
        }
        result = read(chunk, from, start, end)
        start = end + 1
      }
      if (start < chunk.length) rest = Buffer.from(chunk.subarray(start))
      return (rest?.length ?? 0) > maxLineBytes && result === 'more' ? 'unfit' : result
    }

    try {
      for await (const chunk of source.read(ref, segment, { into })) {
        const result = readAll(chunk)
        if (result === 'unfit') return undefined
        if (result === 'more') continue
        walk.last = { seq: tree.size - 1, leaf: prev, file, line }
        return { walk, segment: number, offset, line }
      }
    } catch (error) {
      if (error instanceof SegmentDamage) return undefined
      throw error
    }
    if (rest !== undefined) return undefined
  }
  return undefined
}

type Read = 'more' | 'all' | 'unfit'

/** So much is looked into at once: few enough that the bytes are still in the processor's cache when they are hashed. */
const windowBytes = 1 << 15

/** RFC 6962 §2.1. The zero byte before a line is put in the place of the newline before it: no line is copied. */
function leafOf(chunk: Buffer, start: number, end: number): string {
  if (start === 0) return leafHash(chunk.subarray(0, end))
  chunk[start - 1] = 0
  return hash('sha256', chunk.subarray(start - 1, end), 'base64')
}
