import { AuditError } from '../errors.ts'
import type { LogSource } from '../read/source.ts'
import type { AuditReceipt } from '../record/record.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import type { Claims } from './claims.ts'
import type { Immutability } from './immutable.ts'
import { type Problem, problemAt } from './report.ts'
import { originParts, type Trust } from './trust.ts'

/** What is verified (a folder, or a source of `openSource` or `archiveSource`), and what it must agree with. */
export type VerifyOptions = ({ directory: string } | { source: LogSource }) & {
  /**
   * Text of a C2SP tlog-policy file: whose signatures count. Without it the keys beside the log do, which whoever
   * wrote the log chose.
   */
  trust?: string
  /** A signed checkpoint that was kept elsewhere: its stream must still have those records. */
  since?: string
  /** Receipts that were kept elsewhere. */
  receipts?: readonly AuditReceipt[]
  /** How the objects of an archive must be held. */
  require?: { immutable?: Immutability }
  /** Called now and then with the bytes that were read so far. */
  onProgress?: (bytes: number) => void
  /** The wall clock, epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** Takes what the caller kept as claims. Throws `LELU_AUDIT_OPTIONS_INVALID` for what is no checkpoint. */
export function keepClaims(
  { since, receipts = [] }: VerifyOptions,
  trust: Trust,
  claims: Claims,
): Problem[] {
  const kept = { by: undefined, last: false }
  for (const { stream, seq, leaf } of receipts) {
    claims.add(stream, { ...kept, seq, leaf, root: null, who: 'a receipt', signed: false })
  }
  if (since === undefined) return []
  const checkpoint = parseCheckpoint(since)
  const { stream } = originParts(checkpoint?.origin ?? '')
  if (checkpoint === undefined || checkpoint.size === 0) {
    throw new AuditError(
      'LELU_AUDIT_OPTIONS_INVALID',
      '`since` is no signed checkpoint of records.',
      {
        help: 'Pass the text of a checkpoint file as it was, with its signatures and its last newline.',
      },
    )
  }
  const { size, root } = checkpoint
  const { trusted, why } = trust.judge(checkpoint)
  if (!trusted) {
    const message = `the checkpoint that was kept is not signed by whom is trusted: ${why}`
    return [problemAt('bad_signature', { stream, seq: size - 1 }, message)]
  }
  const who = 'the checkpoint that was kept'
  const claim = {
    ...kept,
    seq: size - 1,
    leaf: null,
    root: root.toString('base64'),
    who,
    signed: true,
  }
  claims.add(stream, claim)
  return []
}
