import type { StoredLine } from '../read/read.ts'
import { createTree, type Tree } from '../tlog/merkle.ts'
import type { CoveredBy, Problem } from './report.ts'

/** What is known of a stream after its lines were read. `last` is the last good record in the chain. */
export type Walk = {
  stream: string
  log: string | undefined
  records: number
  firstSeq: number | undefined
  last: Link | undefined
  from: string | undefined
  to: string | undefined
  closed: boolean
  /** An unfinished line at the very end. */
  torn: StoredLine | undefined
  /** How many damaged lines follow `last`: they are named, so that the end they hide is not missed a second time. */
  damagedEnd: number
  /** Of the records that are linked; it means nothing once there are problems. */
  tree: Tree
  /** The newest checkpoint whose root is that of the records. */
  checkpoint: CoveredBy | undefined
  /** What is wrong with the lines themselves. */
  problems: Problem[]
  /** What a signature, or somebody else, knows otherwise. */
  contradictions: Problem[]
  clockBack: boolean
  /** Whether the stream has heartbeats; then a pause between two records means something. */
  heartbeats: boolean
  /** The longest pause between two records, milliseconds, and behind which record. */
  pause: { ms: number; seq: number }
}

export type Link = { seq: number; leaf: string; file: string; line: number }

/** A clock that is set back by more than this (milliseconds) is worth a warning. */
const clockTolerance = 2000

export function newWalk(stream: string): Walk {
  return {
    stream,
    log: undefined,
    records: 0,
    firstSeq: undefined,
    last: undefined,
    from: undefined,
    to: undefined,
    closed: false,
    torn: undefined,
    damagedEnd: 0,
    tree: createTree(),
    checkpoint: undefined,
    problems: [],
    contradictions: [],
    clockBack: false,
    heartbeats: false,
    pause: { ms: 0, seq: 0 },
  }
}

const minuteLength = '2026-11-22T10:00:'.length
let minuteText = ''
let minuteTime = Number.NaN

/** As `Date.parse`, of the times that the log writes: most of them are in the minute of the one before. */
function timeOf(ts: string): number {
  if (ts.length !== minuteLength + '00.000Z'.length) return Date.parse(ts)
  if (!ts.startsWith(minuteText) || minuteText === '') {
    const time = Date.parse(ts)
    if (Number.isNaN(time)) return time
    minuteText = ts.slice(0, minuteLength)
    minuteTime = Date.parse(`${minuteText}00.000Z`)
    return time
  }
  return minuteTime + Number(ts.slice(minuteLength, -1)) * 1000
}

/** Notes a record's time and kind, in the order of the records. */
export function noteRecord(walk: Walk, kind: string, ts: string, seq: number): void {
  walk.records += 1
  walk.firstSeq ??= seq
  walk.from ??= ts
  if (walk.to !== ts && walk.to !== undefined) {
    const before = timeOf(walk.to)
    const ms = timeOf(ts) - before
    if (ms < -clockTolerance) walk.clockBack = true
    if (ms > walk.pause.ms) walk.pause = { ms, seq: seq - 1 }
  }
  walk.to = ts
  if (kind === 'heartbeat') walk.heartbeats = true
}

/** A tree that is known from elsewhere: of so many records, with this root (base64). */
export type KnownTree = {
  size: number
  root: string
  /** A checkpoint's time, when it is one that is trusted. */
  checkpoint: CoveredBy | undefined
  /** What it means when the records have another root. */
  problem(): Problem
}

/** A record that is known from elsewhere. */
export type KnownRecord = { seq: number; leaf: string; problem(at: Link): Problem }

/** What the records of a stream are compared with as they are read. */
export type Known = {
  /** By growing size. */
  trees: readonly KnownTree[]
  records: ReadonlyMap<number, readonly KnownRecord[]>
  /** Up to here (a size among `trees`, or 0) a checkpoint that is trusted covers the records. */
  signed: number
  log: string | undefined
}
