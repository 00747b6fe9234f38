import { type StoredLine, splitLines } from '../read/read.ts'
import { type LogSource, SegmentDamage, type StreamRef } from '../read/source.ts'
import { genesisHash } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import type { Findings } from './findings.ts'
import { type Problem, problemAt } from './report.ts'
import type { Resume } from './signed-part.ts'
import { checkLine } from './verify-line.ts'
import { type Known, newWalk, noteRecord, type Walk } from './walk.ts'

type Gap = { problem: Problem; from: number; to: number; missing: number }
type At = { stream: string; file: string; line: number; seq: number }

/** How far back a copy of a record is recognised as one. */
const remembered = 1024

/**
 * Walks the chain of one stream from its beginning, or from behind the part that is signed, names every break of it
 * once, and goes on behind it. Constant memory.
 */
export async function walkStream(
  source: LogSource,
  ref: StreamRef,
  known: Known,
  findings: Findings,
  resume?: Resume,
): Promise<Walk> {
  const { stream } = ref
  const walk = resume?.walk ?? newWalk(stream)
  const { problems, tree } = walk
  const recent = new Map<number, string>()
  let gaps: Gap[] = []
  let nextTree = known.trees.findIndex(({ size }) => size > tree.size)
  if (nextTree === -1) nextTree = known.trees.length

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
    walk.log ??= known.log ?? record.log
    if (record.log !== walk.log) {
      problems.push(problemAt('edited', at, `record ${record.seq} belongs to another log`))
    }
    const contradicting = known.records.get(record.seq)?.find((one) => one.leaf !== leaf)
    if (contradicting !== undefined) {
      walk.contradictions.push(contradicting.problem({ ...at, leaf }))
    }
    recent.set(record.seq, leaf)
    recent.delete(record.seq - remembered)
    noteRecord(walk, record.kind, record.ts, record.seq)
    findings.visit(record)
  }

  /** A record whose number has gone by already. */
  function namePast({ seq }: AuditRecord, leaf: string, at: At, next: number): void {
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

  function link({ seq, prev, kind, log }: AuditRecord, leaf: string, at: At, next: number): void {
    const before = walk.last
    // A damaged line stands for one record, or for two when the newline between them was hit.
    if (seq > next + 2 * walk.damagedEnd) {
      const from = next + walk.damagedEnd
      const message = `records ${from} to ${seq - 1} are missing`
      const problem = problemAt('gap', { ...at, seq: from }, message)
      problems.push(problem)
      if (gaps.length < remembered) gaps.push({ problem, from, to: seq - 1, missing: seq - from })
    } else if (seq === 0) {
      if (kind !== 'genesis' || prev !== genesisHash(log, stream)) {
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
    tree.append(leaf)
    compareRoots()
  }

  /** Of damaged records the root says nothing new. */
  function compareRoots(): void {
    for (let one = known.trees[nextTree]; one?.size === tree.size; one = known.trees[nextTree]) {
      nextTree += 1
      if (problems.length > 0) continue
      if (one.root !== tree.root().toString('base64')) walk.contradictions.push(one.problem())
      else if (one.checkpoint !== undefined) walk.checkpoint = one.checkpoint
    }
  }

  const { segments, others } = await source.segments(ref)
  for (const segment of segments.slice(resume?.segment ?? 0)) {
    const { file, firstSeq } = segment
    // An unfinished line with a further segment behind it is no tail.
    if (walk.torn !== undefined) check(walk.torn)
    walk.torn = undefined
    const begun = resume !== undefined && segment === segments[resume.segment]
    const position = begun ? resume : { offset: 0, line: 0 }
    const next = (walk.last?.seq ?? -1) + 1 + walk.damagedEnd
    let first: number | undefined
    try {
      const chunks = source.read(ref, segment, { offset: position.offset })
      for await (const stored of splitLines(chunks, { stream, file }, position)) {
        if (!stored.whole) {
          walk.torn = stored
          break
        }
        check(stored)
        first ??= walk.damagedEnd > 0 ? firstSeq : walk.last?.seq
      }
    } catch (error) {
      if (!(error instanceof SegmentDamage)) throw error
      problems.push(problemAt(error.code, { stream, file, seq: firstSeq }, error.message))
    }
    const begins = first ?? next
    if (!begun && firstSeq !== begins && begins === next) {
      const message = `the name of the file says that it begins at record ${firstSeq}, it is ${begins}`
      problems.push(problemAt('foreign_file', { stream, file }, message))
    }
  }
  for (const file of others) {
    const message = 'the file does not belong to a stream'
    problems.push(problemAt('foreign_file', { stream, file }, message))
  }
  return walk
}
