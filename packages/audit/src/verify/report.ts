/** What can be wrong with a log. */
export type ProblemCode =
  | 'edited'
  | 'bad_line'
  | 'gap'
  | 'reordered'
  | 'duplicate'
  | 'extra_bytes'
  | 'foreign_file'
  | 'bad_genesis'
  | 'truncated'
  | 'replaced'
  | 'stream_missing'

/** Exit codes of the verifier: 11 bytes that do not belong, 12 edited, missing or reordered, 15 replaced, 16 cut off, 17 a stream is gone. */
export const exitCodes: Record<ProblemCode, number> = {
  extra_bytes: 11,
  foreign_file: 11,
  edited: 12,
  bad_line: 12,
  gap: 12,
  reordered: 12,
  duplicate: 12,
  bad_genesis: 12,
  replaced: 15,
  truncated: 16,
  stream_missing: 17,
}

export type Problem = {
  code: ProblemCode
  exit: number
  stream: string
  seq: number | null
  /** Path within the log folder. */
  file: string | null
  /** From 1. */
  line: number | null
  message: string
}

/** The place a problem is at; `file` is a name in the folder of the stream. */
export type Place = { stream: string; file?: string; line?: number; seq?: number }

export function problemAt(
  code: ProblemCode,
  { stream, file, line, seq }: Place,
  message: string,
): Problem {
  const path = file === undefined ? null : `${stream}/${file}`
  return {
    code,
    exit: exitCodes[code],
    stream,
    seq: seq ?? null,
    file: path,
    line: line ?? null,
    message,
  }
}

/** A record of a stream that another stream names: its head when that one began, or its end (`last`) after a recovery. */
export type Claim = { seq: number | null; leaf: string | null; by: string; last: boolean }

export type StreamReport = {
  stream: string
  records: number
  firstSeq: number | null
  lastSeq: number | null
  /** Leaf hash of the last record, base64. */
  head: string | null
  /** Times of the first and the last record. */
  from: string | null
  to: string | null
  /**
   * `closed` ended in order, `recovered` was ended by a later process, `open` may still be written, `unclosed` and
   * `torn` (with an unfinished line) belong to a process that died, `broken` has no known end.
   */
  state: 'closed' | 'recovered' | 'open' | 'unclosed' | 'torn' | 'broken'
}

/** A call that was begun and has no recorded end, or the other way round. */
export type Unfinished = {
  kind: 'decision_without_outcome' | 'attempt_without_outcome' | 'outcome_without_redeem'
  stream: string
  seq: number
  decision?: string
  approval?: string
  attempt?: string
}

/** What verification found. `ok` means no problem; warnings are things to look at that are no tampering. */
export type AuditReport = {
  ok: boolean
  /** 0, or the exit code of the first problem (11, 12, 15, 16, 17). */
  exit: number
  records: number
  streams: StreamReport[]
  problems: Problem[]
  warnings: string[]
  /** How many records there are of each kind. */
  kinds: Record<string, number>
  unfinished: Unfinished[]
  proven: string[]
  notProven: string[]
}
