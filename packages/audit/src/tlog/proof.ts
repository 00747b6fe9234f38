import { decodeBase64 } from './base64.ts'
import { type ParsedCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { parseSize } from './checkpoint-text.ts'
import { checkTrust, type TrustResult } from './trust-policy.ts'
import type { TrustPolicy } from './trust-policy-text.ts'
import { verifyInclusion } from './verify-proofs.ts'

/** Shows, by itself, that a record is in a signed tree (C2SP tlog-proof). `checkpoint` is the signed text, byte for byte. */
export type TlogProof = {
  /** Place of the record in its stream: its `seq`. */
  index: number
  /** From the record's neighbour up to the child of the root, 32 bytes each. */
  hashes: readonly Buffer[]
  checkpoint: string
  /** Anything, such as the record itself. No signature covers it. */
  extra?: Buffer
}

const header = 'c2sp.org/tlog-proof@v1'
/** A tree with sizes that a double holds has no more levels than this. */
const maxHashes = 53
/** Room for a record of any size, and for the checkpoint. */
const maxProofLength = 2_000_000

/** Throws a RangeError for what could not be read back. */
export function formatProof({ index, hashes, checkpoint, extra }: TlogProof): string {
  const extraLine = extra === undefined ? '' : `extra ${extra.toString('base64')}\n`
  const path = hashes.map((hash) => `${hash.toString('base64')}\n`).join('')
  const text = `${header}\n${extraLine}index ${index}\n${path}\n${checkpoint}`
  if (parseProof(text) === undefined) {
    throw new RangeError(
      'A proof has a whole index, up to 53 hashes of 32 bytes, and a checkpoint.',
    )
  }
  return text
}

/** Reads a `.tlog-proof`, exactly as strict as the format; undefined when it is none. It verifies nothing. */
export function parseProof(text: string): TlogProof | undefined {
  if (text.length > maxProofLength) return undefined
  // The first empty line: there are none before the checkpoint.
  const split = text.indexOf('\n\n')
  if (split < 0) return undefined
  const checkpoint = text.slice(split + 2)
  const [first, ...lines] = text.slice(0, split).split('\n')
  if (first !== header || parseCheckpoint(checkpoint) === undefined) return undefined
  const extra = lines[0]?.startsWith('extra ') ? decodeBase64(lines.shift()?.slice(6) ?? '') : null
  if (extra === undefined) return undefined
  const indexLine = lines.shift() ?? ''
  const index = indexLine.startsWith('index ') ? parseSize(indexLine.slice(6)) : undefined
  if (index === undefined || lines.length > maxHashes) return undefined
  const hashes: Buffer[] = []
  for (const line of lines) {
    const hash = decodeBase64(line)
    if (hash?.length !== 32) return undefined
    hashes.push(hash)
  }
  return { index, hashes, checkpoint, ...(extra === null ? {} : { extra }) }
}

export type ProofResult = {
  verified: boolean
  /** Why not, or what was verified: for people. */
  why: string
  index?: number
  checkpoint?: ParsedCheckpoint
  times: TrustResult['times']
}

/** Whether the record with this leaf hash is in a tree that the policy trusts. Never throws for a bad proof. */
export function verifyProof(text: string, leaf: Buffer, policy: TrustPolicy): ProofResult {
  const proof = parseProof(text)
  const checkpoint = proof === undefined ? undefined : parseCheckpoint(proof.checkpoint)
  if (proof === undefined || checkpoint === undefined) {
    return {
      verified: false,
      why: 'This is no proof in the format c2sp.org/tlog-proof@v1.',
      times: [],
    }
  }
  const { index, hashes } = proof
  const { trusted, why, times } = checkTrust(policy, checkpoint)
  const found = { index, checkpoint, times }
  if (!trusted) return { verified: false, why, ...found }
  const { size, root, origin } = checkpoint
  if (!verifyInclusion({ leaf, index, size, proof: hashes, root })) {
    const place = `record ${index} of the ${size} records of ${origin}`
    return {
      verified: false,
      why: `The hashes do not lead from this record, as ${place}, to the signed root.`,
      ...found,
    }
  }
  return {
    verified: true,
    why: `Record ${index} of the ${size} that ${origin} has signed.`,
    ...found,
  }
}
