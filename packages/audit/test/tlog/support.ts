import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { type Checkpoint, signCheckpoint } from '../../src/tlog/checkpoint.ts'
import {
  formatVkey,
  parseVkey,
  rawPublicKey,
  type SignatureType,
  type VerifierKey,
} from '../../src/tlog/keys.ts'
import { createTree, inclusionProof } from '../../src/tlog/merkle.ts'
import { formatProof } from '../../src/tlog/proof.ts'

export const log = 'example.com/lelu'
export const origin = `${log}/stream-1`

export const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey

export const vkeyOf = (name: string, type: SignatureType, key: KeyObject): string =>
  formatVkey(name, type, rawPublicKey(key))

export const verifierOf = (name: string, type: SignatureType, key: KeyObject): VerifierKey =>
  parseVkey(vkeyOf(name, type, key))

/** Node 22 has no ML-DSA. */
export const newMldsaKey: (() => KeyObject) | undefined = (() => {
  const make = () => generateKeyPairSync('ml-dsa-44').privateKey
  try {
    make()
    return make
  } catch {
    return undefined
  }
})()

export const leavesOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, n) => hash('sha256', `leaf ${n}`, 'buffer'))

export function rootOf(leaves: readonly Buffer[]): Buffer {
  const tree = createTree()
  for (const leaf of leaves) tree.append(leaf)
  return tree.root()
}

export function checkpointOf(leaves: readonly Buffer[]): Checkpoint {
  return { origin, size: leaves.length, root: rootOf(leaves) }
}

/** A proof of one of so many leaves, under a checkpoint that the keys have signed. */
export function proofOf(count: number, index: number, keys: readonly KeyObject[]): string {
  const leaves = leavesOf(count)
  const signers = keys.map((privateKey) => ({ name: log, privateKey }))
  const checkpoint = signCheckpoint(checkpointOf(leaves), signers, 1_800_000_000)
  return formatProof({ index, hashes: inclusionProof(leaves, index), checkpoint })
}

/** One byte of a text, changed into another that text may have. */
export function altered(text: string, at: number, by: number): string {
  const bytes = Buffer.from(text)
  const place = at % bytes.length
  bytes[place] = ((bytes[place] as number) + 1 + (by % 255)) % 256
  return bytes.toString()
}
