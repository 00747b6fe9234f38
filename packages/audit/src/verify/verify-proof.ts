import { parseRecord } from '../read/read.ts'
import { leafHash } from '../record/line.ts'
import type { AuditRecord } from '../record/record.ts'
import { parseCheckpoint } from '../tlog/checkpoint.ts'
import { parseProof, verifyProof } from '../tlog/proof.ts'
import { parseKeyFile } from '../tlog/rotation.ts'
import { checkTrust } from '../tlog/trust-policy.ts'
import { exitCodes } from './report.ts'
import { isoTime, originParts, policyWith } from './trust.ts'

/** What a proof shows. `why` is a sentence, also when it is `ok`; all that is not proven is null. */
export type ProofReport = {
  ok: boolean
  /** 0; 12 when it is no proof of a record, 13 when its hashes do not lead to the root, 14 when nobody who is trusted signed that. */
  exit: number
  why: string
  /** What is proven: this record, as it was stored. Null unless `ok`. */
  record: AuditRecord | null
  raw: string | null
  stream: string | null
  seq: number | null
  /** When the checkpoint was signed, as each witness of the policy says: ISO 8601. Without those that say no time of a calendar. */
  times: { witness: string; time: string }[]
}

/**
 * Verifies a proof of one record against a trust policy, without the log. `raw` is the stored line; without it the
 * proof has to hold it. `keys`: texts of the log's key files, by which keys that were rotated to follow from the policy's.
 * Throws `LELU_AUDIT_TRUST_INVALID`.
 */
export function verifyRecordProof(options: {
  proof: string
  trust: string
  raw?: string
  keys?: readonly string[]
}): ProofReport {
  const files = (options.keys ?? []).flatMap((text) => parseKeyFile(text) ?? [])
  const policy = policyWith(options.trust, files)
  const refuse = (exit: number, why: string): ProofReport => ({
    ...{ ok: false, exit, why, record: null, raw: null, stream: null, seq: null, times: [] },
  })
  const parsed = parseProof(options.proof)
  if (parsed === undefined) return refuse(exitCodes.bad_line, 'This is no C2SP tlog-proof.')
  const line = options.raw === undefined ? parsed.extra : Buffer.from(options.raw)
  const raw = line?.toString()
  const record = raw === undefined ? undefined : parseRecord(raw)
  if (line === undefined || raw === undefined || record === undefined) {
    return refuse(exitCodes.bad_line, 'The proof holds no record, and none was given.')
  }
  const checkpoint = parseCheckpoint(parsed.checkpoint)
  const judged = checkpoint && checkTrust(policy, checkpoint)
  if (checkpoint === undefined || judged?.trusted !== true) {
    return refuse(exitCodes.bad_signature, judged?.why ?? 'The proof holds no checkpoint.')
  }
  const leaf = Buffer.from(leafHash(line), 'base64')
  const { verified, why, times } = verifyProof(options.proof, leaf, policy)
  if (!verified) return refuse(exitCodes.bad_root, why)
  const { log, stream } = originParts(checkpoint.origin)
  if (record.log !== log || record.stream !== stream || record.seq !== parsed.index) {
    return refuse(exitCodes.edited, 'The record says that it belongs elsewhere.')
  }
  const told = times.flatMap(({ witness, time: seconds }) => {
    const time = isoTime(seconds)
    return time === null ? [] : [{ witness, time }]
  })
  return { ok: true, exit: 0, why, record, raw, stream, seq: record.seq, times: told }
}
