/** What can be wrong with a log. */
export type ProblemCode =
  | 'rewritten'
  | 'hidden'
  | 'extra_bytes'
  | 'foreign_file'
  | 'edited'
  | 'bad_line'
  | 'gap'
  | 'reordered'
  | 'duplicate'
  | 'bad_genesis'
  | 'bad_root'
  | 'bad_signature'
  | 'unsigned'
  | 'replaced'
  | 'rollback'
  | 'truncated'
  | 'stream_missing'
  | 'not_immutable'
  | 'empty'

/**
 * Exit codes of the verifier: 10 an object rewritten or hidden, 11 bytes that do not belong, 12 edited, missing or
 * reordered, or a table of a pack that says otherwise, 13 not the tree that was signed, 14 not signed by a key that is trusted,
 * 15 replaced or rolled back, 16 cut off, 17 a stream is gone, 18 not held as demanded; 1 where there is nothing to verify.
 */
export const exitCodes: Record<ProblemCode, number> = {
  rewritten: 10,
  hidden: 10,
  extra_bytes: 11,
  foreign_file: 11,
  edited: 12,
  bad_line: 12,
  gap: 12,
  reordered: 12,
  duplicate: 12,
  bad_genesis: 12,
  bad_root: 13,
  bad_signature: 14,
  unsigned: 14,
  replaced: 15,
  rollback: 15,
  truncated: 16,
  stream_missing: 17,
  not_immutable: 18,
  empty: 1,
}

/** One thing that is wrong, and where. `exit` is the exit code of its kind, 10 to 18, or 1. */
export type Problem = {
  code: ProblemCode
  exit: number
  stream: string
  seq: number | null
  /** Path within the log folder; in an archive the stream, and the name behind it. */
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
  // Of an object of an archive it may be the whole key.
  const whole = stream === '' || file?.startsWith('v1/')
  const path = file === undefined ? null : whole ? file : `${stream}/${file}`
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

/** The newest checkpoint of a stream that is signed as the trust policy demands and whose root is that of the records. */
export type CoveredBy = {
  /** How many records it covers, from the first. */
  size: number
  /** When it was signed, as the signer says: ISO 8601. */
  time: string | null
}

/** What one stream holds: the records from the start to the end of one process. */
export type StreamReport = {
  stream: string
  /** Name of the log in the records. */
  log: string | null
  records: number
  firstSeq: number | null
  lastSeq: number | null
  /** Leaf hash of the last record, base64. */
  head: string | null
  /** RFC 6962 root of all records, base64; null when they are damaged. */
  root: string | null
  /** Times of the first and the last record. */
  from: string | null
  to: string | null
  /**
   * `closed` ended in order, `recovered` was ended by a later process, `open` may still be written, `unclosed` and
   * `torn` (with an unfinished line) belong to a process that died, `broken` has no known end.
   */
  state: 'closed' | 'recovered' | 'open' | 'unclosed' | 'torn' | 'broken'
  checkpoint: CoveredBy | null
  /** So many records from the first are covered by a signature: by the checkpoint, or by what covered records of other streams say of them. */
  covered: number
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

/** What verification found. `ok` means no problem, and at least one record; warnings are things to look at that are no tampering. */
export type AuditReport = {
  ok: boolean
  /** 0, or the exit code of the first problem: 10 to 18, or 1 where there is no record to verify. */
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
