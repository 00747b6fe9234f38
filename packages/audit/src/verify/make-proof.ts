import { AuditError } from '../errors.ts'
import { proofsIn } from '../evidence/tree-levels.ts'
import { newestCheckpoint } from '../read/newest-checkpoint.ts'
import { splitLines, toRecord } from '../read/read.ts'
import type { LogSource, StreamRef } from '../read/source.ts'
import { leafHash } from '../record/line.ts'
import type { AuditReceipt } from '../record/record.ts'
import { createLeaves } from '../tlog/leaves.ts'
import { formatProof } from '../tlog/proof.ts'

/** A proof of one record, and where that stands. */
export type MadeProof = AuditReceipt & {
  /** Text of a C2SP tlog-proof; the stored line is its `extra`. */
  proof: string
  /** The stored line. */
  raw: string
  /** How many records the checkpoint covers. */
  size: number
}

/**
 * A proof of the record of one decision, that holds without the log: the stored line, the path of hashes from it to the
 * root, and the newest signed checkpoint of its stream. Throws `LELU_AUDIT_NOT_FOUND` when there is no such decision or
 * no checkpoint covers it yet. It verifies nothing.
 */
export async function makeProof({
  source,
  id,
}: {
  source: LogSource
  id: string
}): Promise<MadeProof> {
  for (const ref of await source.streams()) {
    const found = await findDecision(source, ref, id)
    if (found === undefined) continue
    const newest = await newestCheckpoint(source, ref)
    if (newest === undefined || newest.size <= found.seq) {
      throw notFound(
        `No signed checkpoint covers the record of ${id} yet.`,
        'Try again in a moment: a running process signs each second, and when it ends.',
      )
    }
    const leaves = await leavesOf(source, ref, newest.size)
    const hashes = proofsIn(leaves, newest.size)(found.seq)
    const extra = Buffer.from(found.raw)
    const proof = formatProof({ index: found.seq, hashes, checkpoint: newest.text, extra })
    return { ...found, proof, size: newest.size }
  }
  throw notFound(
    `The log has no decision ${id}.`,
    'Pass the id of a decision, as `lelu audit search` shows it.',
  )
}

async function findDecision(
  source: LogSource,
  ref: StreamRef,
  id: string,
): Promise<(AuditReceipt & { raw: string }) | undefined> {
  const wanted = Buffer.from(JSON.stringify(id))
  for await (const stored of linesOf(source, ref)) {
    if (!stored.whole || !stored.bytes.includes(wanted)) continue
    const found = toRecord(stored)
    const { kind, seq } = found?.record ?? {}
    if (found === undefined || kind !== 'decision' || found.record.id !== id) continue
    return { stream: ref.stream, seq: seq as number, leaf: found.leaf, raw: found.raw }
  }
  return undefined
}

async function* linesOf(source: LogSource, ref: StreamRef) {
  for (const segment of (await source.segments(ref)).segments) {
    yield* splitLines(source.read(ref, segment), { ...ref, file: segment.file })
  }
}

/** Hash of each of the first `size` records, one behind the other. */
async function leavesOf(source: LogSource, ref: StreamRef, size: number): Promise<Buffer> {
  const leaves = createLeaves()
  for await (const { bytes } of linesOf(source, ref)) {
    if (leaves.size === size) break
    leaves.add(leafHash(bytes))
  }
  if (leaves.size === size) return leaves.bytes()
  throw notFound(
    `The log does not have the ${size} records that its checkpoint was signed over.`,
    'Run `lelu audit verify`: it says what is missing.',
  )
}

function notFound(message: string, help: string): AuditError {
  return new AuditError('LELU_AUDIT_NOT_FOUND', message, { help })
}
