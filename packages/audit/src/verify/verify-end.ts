import type { OwnerState } from '../folder/owner.ts'
import { isAlteredRecord } from '../folder/tail.ts'
import { type Claim, type Problem, problemAt, type StreamReport } from './report.ts'
import type { Walk } from './verify-stream.ts'

type Judged = { state: StreamReport['state']; problems: Problem[]; warning?: string }

/**
 * Whether a stream ends where it should. It must end with a close record, or where a recovery record of another
 * stream says, or belong to a process that had not closed it: whoever cuts off a tail contradicts one of these.
 */
export function judgeEnd(
  walk: Walk,
  claims: readonly Claim[],
  owner: OwnerState | undefined,
): Judged {
  const { stream, torn, closed } = walk
  const problems = contradicted(walk, claims)
  const recovered = claims.some(({ last }) => last)
  const ended = closed || recovered || owner === undefined
  if (torn !== undefined) {
    const seq = (walk.last?.seq ?? -1) + 1 + walk.damagedEnd
    const at = { stream, file: torn.file, line: torn.line, seq }
    if (isAlteredRecord(torn.bytes)) {
      problems.push(
        problemAt('edited', at, `record ${seq} is not as it was written: its end was altered`),
      )
    } else if (ended) {
      const message = 'bytes that are no record stand at the end of a stream that had ended'
      problems.push(problemAt('extra_bytes', at, message))
    }
  }
  if (closed) return { state: 'closed', problems }
  if (recovered) return { state: 'recovered', problems }
  if (owner === undefined) {
    // Damage that is named already may be the very record that ended the stream.
    if (problems.length === 0 && walk.damagedEnd === 0) {
      const message = `the stream was ended in order, but nothing says so: it was cut off behind record ${walk.last?.seq ?? 'none'}`
      problems.push(problemAt('truncated', placeOfEnd(walk), message))
    }
    return { state: 'broken', problems }
  }
  if (owner !== 'dead') {
    if (owner === 'alive') return { state: 'open', problems }
    const warning = `stream ${stream} is not closed, and its process is on another machine or in another container: whether it still writes cannot be told`
    return { state: 'open', problems, warning }
  }
  const warning =
    torn === undefined
      ? `stream ${stream} was not closed: its process ended without it; the next record that is written will end the stream`
      : `stream ${stream} ends in an unfinished line: its process died while it wrote; no answer was given for that line`
  return { state: torn === undefined ? 'unclosed' : 'torn', problems, warning }
}

function placeOfEnd({ stream, last }: Walk) {
  return last === undefined
    ? { stream }
    : { stream, file: last.file, line: last.line, seq: last.seq }
}

/** At most one problem: what other streams know of this one's end, and is not there. */
function contradicted(walk: Walk, claims: readonly Claim[]): Problem[] {
  const { last } = walk
  const lastSeq = last?.seq ?? -1
  // Records hidden by damaged lines at the end are named as damaged.
  const seen = lastSeq + 2 * walk.damagedEnd
  for (const { seq, leaf, by, last: isEnd } of claims) {
    const claimed = seq ?? -1
    if (claimed > seen) {
      const message = `the stream ends at record ${last?.seq ?? 'none'}, but stream ${by} saw record ${claimed}`
      return [problemAt('truncated', placeOfEnd(walk), message)]
    }
    if (!isEnd) continue
    if (claimed < lastSeq) {
      const message = `the stream goes on to record ${lastSeq}, but stream ${by} saw it end at record ${seq ?? 'none'}`
      return [problemAt('extra_bytes', placeOfEnd(walk), message)]
    }
    if (claimed === lastSeq && leaf !== (last?.leaf ?? null)) {
      const message = `record ${lastSeq} is not the one that stream ${by} saw here`
      return [problemAt('replaced', placeOfEnd(walk), message)]
    }
  }
  return []
}
