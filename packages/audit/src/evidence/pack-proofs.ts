import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { formatProof } from '../tlog/proof.ts'
import type { PackedStream } from './pack-stream.ts'
import type { Drawn } from './sample.ts'
import { proofsIn } from './tree-levels.ts'
import { writeNew } from './write-new.ts'

export const proofsFolder = 'proofs'

/**
 * A `.tlog-proof` for each drawn decision that a checkpoint covers, with its record as the extra data, and the record
 * beside it. Answers how many.
 */
export async function writeProofs(
  out: string,
  streams: readonly PackedStream[],
  drawn: readonly Drawn[],
): Promise<number> {
  await mkdir(join(out, proofsFolder), { mode: 0o700 })
  let written = 0
  for (const { stream, checkpoint, leaves } of streams) {
    const mine = drawn.filter((one) => one.stream === stream)
    // Of a stream that was cut off there is no tree to prove anything in.
    if (checkpoint === undefined || mine.length === 0 || checkpoint.size > leaves.size) continue
    const prove = proofsIn(leaves.bytes(), checkpoint.size)
    for (const { seq, line } of mine) {
      if (seq >= checkpoint.size) continue
      const proof = { index: seq, hashes: prove(seq), checkpoint: checkpoint.text, extra: line }
      // By its place: the id of a record is data.
      const name = join(out, proofsFolder, `${stream}-${seq}`)
      await writeNew(`${name}.tlog-proof`, formatProof(proof))
      await writeNew(`${name}.json`, line)
      written += 1
    }
  }
  return written
}
