import { gzipSync } from 'node:zlib'
import { jsonText } from '../../src/record/json-bytes.ts'
import { leafHashOfText } from '../../src/record/line.ts'
import { checkpointKey, logKeyKey, segmentKey, streamKey } from '../../src/sink/layout.ts'
import {
  chain,
  checkpointOf,
  keyFileOf,
  keyOf,
  rootOf,
  type Signing,
  vkeyOf,
} from './signed-log.ts'
import { withSum } from './with-sum.ts'

export const log = 'example.com/lelu'
export const signing: Signing = { log, key: keyOf(1) }

/** One stream as an attacker holds it: all of it can be changed but the private key is not there. */
export type Stream = {
  name: string
  lines: string[]
  /** Where segments begin. */
  starts: number[]
  /** Signed checkpoints that lie in an archive, by size; in a log folder only the newest does. */
  checkpoints: Map<number, string>
  /** Genuine older ones, that the attacker kept. */
  kept: Map<number, string>
  announced: boolean
  operator: string
}

export type Model = { streams: Stream[]; keys: Map<string, string> }

const names = ['a', 'b', 'c', 'd'].map((letter) => `01kar6w0f3000000000000000${letter}`)
const time = (seconds: number) => new Date(1_767_225_600_000 + seconds * 1000).toISOString()

function event(n: number, seconds: number): Record<string, unknown> {
  const common = {
    ts: time(seconds),
    agent: { id: 'trader-1', type: 'agent' },
    tool: { name: 'trade', server: null, effect: 'non_idempotent' },
  }
  const call = n >> 1
  return n % 2 === 0
    ? {
        ...common,
        kind: 'decision',
        id: `call-${seconds}-${call}`,
        decision: 'deny',
        reasons: [{ id: 'low', message: `“ask” ${n}` }],
        policy: { revision: 'r1' },
      }
    : {
        ...common,
        kind: 'approval.requested',
        refs: { approval: `approval-${call}` },
        state: 'pending',
      }
}

/** Events of a stream, with what it sees of others put in between. */
function eventsOf(
  from: number,
  count: number,
  heads: readonly Record<string, unknown>[],
  seen: ReadonlyMap<number, readonly Record<string, unknown>[]> = new Map(),
): Record<string, unknown>[] {
  const events: Record<string, unknown>[] = [
    { kind: 'genesis', durability: 'fsync', peers: heads, ts: time(from) },
  ]
  for (let n = 1; n < count - 1; n += 1) {
    const peers = seen.get(n)
    events.push(peers ? { kind: 'peers', peers, ts: time(from + n) } : event(n, from + n))
  }
  return [...events, { kind: 'close', reason: 'closed', ts: time(from + count) }]
}

function streamOf(name: string, lines: string[], starts: number[]): Stream {
  const kept = new Map<number, string>()
  for (let size = 1; size <= lines.length; size += 1) {
    kept.set(size, checkpointOf(signing, name, lines, size))
  }
  const ends = [...starts.slice(1), lines.length]
  const checkpoints = new Map(ends.map((size) => [size, kept.get(size) as string]))
  const operator = vkeyOf(log, signing.key)
  return { name, lines, starts, checkpoints, kept, announced: true, operator }
}

const headOf = (stream: string, lines: readonly string[]) => ({
  stream,
  seq: lines.length - 1,
  leaf: leafHashOfText(lines.at(-1) as string),
})

/**
 * Four streams: a and b written side by side, which note each other's checkpoints; c after them, which notes where both
 * ended; d after c, whose newest checkpoint only the verifier has kept.
 */
export function genuine(): Model {
  const [a, b, c, d] = names as [string, string, string, string]
  const linesA = chain(log, a, eventsOf(0, 26, []))
  const peerOf = (size: number) => [{ stream: a, size, root: rootOf(linesA, size) }]
  const seen = new Map([
    [8, peerOf(9)],
    [22, peerOf(26)],
  ])
  const linesB = chain(log, b, eventsOf(2, 28, [], seen))
  const linesC = chain(log, c, eventsOf(100, 20, [headOf(a, linesA), headOf(b, linesB)]))
  const linesD = chain(log, d, eventsOf(200, 24, [headOf(c, linesC)]))
  const { id, text } = keyFileOf(log, signing.key)
  return {
    streams: [
      streamOf(a, linesA, [0, 7, 15]),
      streamOf(b, linesB, [0, 11, 20]),
      streamOf(c, linesC, [0, 10]),
      streamOf(d, linesD, [0, 5, 12, 19]),
    ],
    keys: new Map([[id, text]]),
  }
}

export function copyOf({ streams, keys }: Model): Model {
  return {
    streams: streams.map((one) => ({
      ...one,
      lines: [...one.lines],
      starts: [...one.starts],
      checkpoints: new Map(one.checkpoints),
    })),
    keys: new Map(keys),
  }
}

const bytesOf = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''))

function segmentsOf({ lines, starts }: Stream): [number, Buffer][] {
  const begins = starts.filter((at) => at < lines.length)
  return begins.map((at, index) => [at, bytesOf(lines.slice(at, begins[index + 1]))])
}

/** The files of the log folder. */
export function folderFiles({ streams, keys }: Model): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (const stream of streams) {
    for (const [at, bytes] of segmentsOf(stream)) {
      files.set(`${stream.name}/${String(at).padStart(16, '0')}.jsonl`, bytes)
    }
    const newest = [...stream.checkpoints].sort(([x], [y]) => x - y).at(-1)
    if (newest !== undefined) files.set(`${stream.name}/checkpoint`, Buffer.from(newest[1]))
  }
  for (const [id, text] of keys) files.set(`keys/${id}`, Buffer.from(text))
  return files
}

/** The objects of the archive. */
export function archiveObjects({ streams, keys }: Model): Map<string, Buffer> {
  const objects = new Map<string, Buffer>()
  for (const stream of streams) {
    const { name, lines, announced, operator } = stream
    if (announced) {
      const text = jsonText({ v: 1, log, stream: name, genesis: lines[0], operator })
      objects.set(streamKey(log, name), Buffer.from(text))
    }
    for (const [at, bytes] of segmentsOf(stream)) {
      objects.set(segmentKey(log, name, at), gzipSync(bytes))
    }
    for (const [size, text] of stream.checkpoints) {
      objects.set(checkpointKey(log, name, size), Buffer.from(text))
    }
  }
  for (const [id, text] of keys) objects.set(logKeyKey(log, id), Buffer.from(text))
  return objects
}

/** A record with other members and a sum that fits, as a forger writes it. */
export function forge(line: string, change: Record<string, unknown>): string {
  const { '~sum': _, ...record } = { ...(JSON.parse(line) as Record<string, unknown>), ...change }
  return withSum(jsonText(record))
}

/** Links all lines from one on anew, numbers and sums too: the chain is then as good as a genuine one. */
export function rechain(stream: Stream, from: number): void {
  const { lines } = stream
  for (let at = Math.max(from, 1); at < lines.length; at += 1) {
    const prev = leafHashOfText(lines[at - 1] as string)
    lines[at] = forge(lines[at] as string, { seq: at, prev })
  }
}
