import type { OwnerState } from '../folder/owner.ts'
import { isAlteredRecord } from '../folder/tail.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Claim } from './claims.ts'
import { mayArrive } from './missing.ts'
import { type Problem, problemAt, type StreamReport } from './report.ts'
import type { Walk } from './walk.ts'

type Judged = { state: StreamReport['state']; problems: Problem[]; warnings: string[] }

export type End = {
  walk: Walk
  claims: readonly Claim[]
  checkpoints: Checkpoints
  /** In a log folder; undefined for a stream that was ended in order. */
  owner: OwnerState | undefined
  archived: boolean
  /** Epoch milliseconds. */
  now: number
}

/**
 * Whether a stream ends where it should. It must have the records that were signed and seen, and end with a close
 * record, or where a recovery record of another stream says, or belong to a process that had not closed it: whoever
 * cuts off a tail contradicts one of these.
 */
export function judgeEnd(end: End): Judged {
  const { walk, owner, archived, now } = end
  const { stream, torn, closed } = walk
  // What was recorded just now may not have reached the archive.
  const claims = end.claims.filter((claim) => !archived || !mayArrive(claim, now))
  const problems = [...contradicted(walk, claims), ...tooOld({ ...end, claims })].slice(0, 1)
  const recovered = end.claims.some(({ last }) => last)
  const ended = closed || recovered || owner === undefined
  if (torn !== undefined) {
    const seq = (walk.last?.seq ?? -1) + 1 + walk.damagedEnd
    const at = { stream, file: torn.file, line: torn.line, seq }
    if (archived || isAlteredRecord(torn.bytes)) {
      const message = `record ${seq} is not as it was written: its end was altered`
      problems.push(problemAt('edited', at, message))
    } else if (ended) {
      const message = 'bytes that are no record stand at the end of a stream that had ended'
      problems.push(problemAt('extra_bytes', at, message))
    }
  }
  if (closed) return { state: 'closed', problems, warnings: [] }
  if (recovered) return { state: 'recovered', problems, warnings: [] }
  if (archived) {
    const warning = `stream ${stream} is not closed: it is still being written, or the process that wrote it died`
    return { state: 'open', problems, warnings: [warning] }
  }
  if (owner === undefined) {
    // Damage that is named already may be the very record that ended the stream.
    if (problems.length === 0 && walk.damagedEnd === 0) {
      const message = `the stream was ended in order, but nothing says so: it was cut off behind record ${walk.last?.seq ?? 'none'}`
      problems.push(problemAt('truncated', placeOfEnd(walk), message))
    }
    return { state: 'broken', problems, warnings: [] }
  }
  const { state, warning } = unended(walk, owner)
  return { state, problems, warnings: warning === undefined ? [] : [warning] }
}

function unended(
  { stream, torn }: Walk,
  owner: OwnerState,
): { state: StreamReport['state']; warning?: string } {
  if (owner === 'alive') return { state: 'open' }
  if (owner === 'unknown') {
    const warning = `stream ${stream} is not closed, and its process is on another machine or in another container: whether it still writes cannot be told`
    return { state: 'open', warning }
  }
  const warning =
    torn === undefined
      ? `stream ${stream} was not closed: its process ended without it; the next record that is written will end the stream`
      : `stream ${stream} ends in an unfinished line: its process died while it wrote; no answer was given for that line`
  return { state: torn === undefined ? 'unclosed' : 'torn', warning }
}

function placeOfEnd({ stream, last }: Walk) {
  return last === undefined
    ? { stream }
    : { stream, file: last.file, line: last.line, seq: last.seq }
}

/** At most one problem: what others know of this stream's end, and is not there. */
function contradicted(walk: Walk, claims: readonly Claim[]): Problem[] {
  const { last } = walk
  const lastSeq = last?.seq ?? -1
  for (const { seq, leaf, root, who, last: isEnd } of claims) {
    const claimed = seq ?? -1
    if (claimed > mostSeen(walk)) {
      const message = `the stream ends at record ${last?.seq ?? 'none'}, but ${who} saw record ${claimed}`
      return [problemAt('truncated', placeOfEnd(walk), message)]
    }
    if (!isEnd) continue
    if (claimed < lastSeq) {
      const message = `the stream goes on to record ${lastSeq}, but ${who} saw it end at record ${seq ?? 'none'}`
      return [problemAt('extra_bytes', placeOfEnd(walk), message)]
    }
    if (claimed > lastSeq) continue
    const otherTree = root !== null && walk.problems.length === 0 && root !== rootOf(walk)
    if (leaf !== (last?.leaf ?? null) || otherTree) {
      const message = `record ${lastSeq} is not the one that ${who} saw here`
      return [problemAt('replaced', placeOfEnd(walk), message)]
    }
  }
  return []
}

/** Records hidden by damaged lines at the end are named as damaged. */
const mostSeen = ({ last, damagedEnd }: Walk): number => (last?.seq ?? -1) + 2 * damagedEnd

const rootOf = ({ tree }: Walk): string => tree.root().toString('base64')

/** A checkpoint of more records than there are; or an older one where a newer was seen. */
function tooOld({ walk, claims, checkpoints }: End): Problem[] {
  const newest = checkpoints.trusted.at(-1)
  const { stream } = walk
  if (newest !== undefined && newest.size - 1 > mostSeen(walk)) {
    const message = `the stream ends at record ${walk.last?.seq ?? 'none'}, but its checkpoint was signed over ${newest.size} records`
    return [problemAt('truncated', placeOfEnd(walk), message)]
  }
  // A checkpoint that is refused is named already.
  if (checkpoints.problems.length > 0) return []
  const seen = claims.find(({ signed, seq }) => signed && (seq ?? -1) >= (newest?.size ?? 0))
  if (seen === undefined) return []
  const size = (seen.seq ?? 0) + 1
  if (newest === undefined) {
    const message = `the checkpoint of the stream is gone: ${seen.who} saw one of ${size} records`
    return [problemAt('truncated', placeOfEnd(walk), message)]
  }
  const message = `the newest checkpoint is of ${newest.size} records, but ${seen.who} saw one of ${size}: an older one was put in its place`
  return [problemAt('rollback', { stream, file: newest.file, seq: newest.size - 1 }, message)]
}
