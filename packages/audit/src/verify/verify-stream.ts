import { join } from 'node:path'
import { listSegments } from '../folder/folder.ts'
import { readLines, type StoredLine } from '../read/read.ts'
import { genesisHash } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import { type Claim, type Problem, problemAt } from './report.ts'
import { checkLine } from './verify-line.ts'

/** What is known of a stream after its lines were read. `last` is the last good record in the chain. */
export type Walk = {
  stream: string
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
  problems: Problem[]
  clockBack: boolean
}

type Link = { seq: number; leaf: string; file: string; line: number }
type Gap = { problem: Problem; from: number; to: number; missing: number }
type Options = {
  directory: string
  stream: string
  claims: readonly Claim[]
  visit(record: AuditRecord): void
}

/** How far back a copy of a record is recognised as one. */
const remembered = 1024
/** A clock that is set back by more than this (milliseconds) is worth a warning. */
const clockTolerance = 2000

/** Walks the chain of one stream, names every break of it once, and goes on behind it. Constant memory. */
export async function walkStream({ directory, stream, claims, visit }: Options): Promise<Walk> {
  const problems: Problem[] = []
  const walk: Walk = {
    stream,
    records: 0,
    firstSeq: undefined,
    last: undefined,
    from: undefined,
    to: undefined,
    closed: false,
    torn: undefined,
    damagedEnd: 0,
    problems,
    clockBack: false,
  }
  const claimed = Map.groupBy(
    claims.filter(({ last }) => !last),
    ({ seq }) => seq,
  )
  const recent = new Map<number, string>()
  let gaps: Gap[] = []
  let log: string | undefined

  function check(stored: StoredLine): void {
    const checked = checkLine(stored)
    const { file, line } = stored
    const next = (walk.last?.seq ?? -1) + 1
    if (!checked.ok) {
      const seq = next + walk.damagedEnd
      const message = `record ${seq} is not as it was written: ${checked.why}`
      problems.push(problemAt(checked.code, { stream, file, line, seq }, message))
      walk.damagedEnd += 1
      return
    }
    const { record, leaf } = checked
    const at = { stream, file, line, seq: record.seq }
    if (walk.closed) {
      const message = `record ${record.seq} stands behind the end of the stream`
      problems.push(problemAt('extra_bytes', at, message))
    } else if (record.seq < next) {
      namePast(record, leaf, at, next)
    } else {
      link(record, leaf, at, next)
    }
    log ??= record.log
    if (record.log !== log) {
      problems.push(problemAt('edited', at, `record ${record.seq} belongs to another log`))
    }
    for (const { leaf: seen, by } of claimed.get(record.seq) ?? []) {
      if (seen === leaf) continue
      const message = `record ${record.seq} is not the one that stream ${by} saw here`
      problems.push(problemAt('replaced', at, message))
      break
    }
    note(record, leaf)
  }

  /** A record whose number has gone by already. */
  function namePast(
    { seq }: AuditRecord,
    leaf: string,
    at: { stream: string; file: string; line: number; seq: number },
    next: number,
  ): void {
    const gap = gaps.find(({ from, to }) => seq >= from && seq <= to)
    if (recent.get(seq) === leaf) {
      problems.push(problemAt('duplicate', at, `record ${seq} stands here a second time`))
    } else if (gap === undefined) {
      const message = `record ${seq} stands where record ${next} belongs`
      problems.push(problemAt('reordered', at, message))
    } else {
      gap.missing -= 1
      if (gap.missing > 0) return
      // Nothing is missing after all: the records are there, behind others.
      gaps = gaps.filter((one) => one !== gap)
      const moved = `records ${gap.from} to ${gap.to} stand behind later ones`
      Object.assign(gap.problem, problemAt('reordered', { ...at, seq: gap.from }, moved))
    }
  }

  function link(
    { seq, prev, kind, log: name }: AuditRecord,
    leaf: string,
    at: { stream: string; file: string; line: number; seq: number },
    next: number,
  ): void {
    const before = walk.last
    // A damaged line stands for one record, or for two when the newline between them was hit.
    if (seq > next + 2 * walk.damagedEnd) {
      const from = next + walk.damagedEnd
      const message = `records ${from} to ${seq - 1} are missing`
      const problem = problemAt('gap', { ...at, seq: from }, message)
      problems.push(problem)
      if (gaps.length < remembered) gaps.push({ problem, from, to: seq - 1, missing: seq - from })
    } else if (seq === 0) {
      if (kind !== 'genesis' || prev !== genesisHash(name, stream)) {
        const message = 'the first record is not the beginning of this stream'
        problems.push(problemAt('bad_genesis', at, message))
      }
    } else if (seq === next && before !== undefined && prev !== before.leaf) {
      const place = { stream, file: before.file, line: before.line, seq: before.seq }
      const message = `record ${before.seq} is not the one that record ${seq} was linked to`
      problems.push(problemAt('edited', place, message))
    }
    walk.damagedEnd = 0
    walk.last = { seq, leaf, file: at.file, line: at.line }
    walk.closed = kind === 'close'
  }

  function note(record: AuditRecord, leaf: string): void {
    recent.set(record.seq, leaf)
    recent.delete(record.seq - remembered)
    walk.records += 1
    walk.firstSeq ??= record.seq
    walk.from ??= record.ts
    walk.clockBack ||= Date.parse(record.ts) < Date.parse(walk.to ?? record.ts) - clockTolerance
    walk.to = record.ts
    visit(record)
  }

  const { segments, others } = await listSegments(join(directory, stream))
  for (const { file, firstSeq } of segments) {
    // An unfinished line with a further segment behind it is no tail.
    if (walk.torn !== undefined) check(walk.torn)
    walk.torn = undefined
    const next = (walk.last?.seq ?? -1) + 1 + walk.damagedEnd
    let first: number | undefined
    for await (const stored of readLines(directory, stream, file)) {
      if (!stored.whole) {
        walk.torn = stored
        break
      }
      check(stored)
      first ??= walk.damagedEnd > 0 ? firstSeq : walk.last?.seq
    }
    const begins = first ?? next
    if (firstSeq !== begins && begins === next) {
      const message = `the name of the file says that it begins at record ${firstSeq}, it is ${begins}`
      problems.push(problemAt('foreign_file', { stream, file }, message))
    }
  }
  for (const file of others) {
    problems.push(
      problemAt('foreign_file', { stream, file }, 'the file does not belong to a stream'),
    )
  }
  return walk
}
