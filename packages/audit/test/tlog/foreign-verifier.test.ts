import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nat, sample, tuple } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leafHash } from '../../src/record/line.ts'
import { signCheckpoint } from '../../src/tlog/checkpoint.ts'
import { parseVkey } from '../../src/tlog/keys.ts'
import { consistencyProof, inclusionProof } from '../../src/tlog/merkle.ts'
import { formatNote, parseNote, signNote, verifySignature } from '../../src/tlog/note.ts'
import { formatProof, verifyProof } from '../../src/tlog/proof.ts'
import { isSignatureOf } from '../../src/tlog/signature-line.ts'
import { parseTrustPolicy } from '../../src/tlog/trust-policy.ts'
import { verifyConsistency, verifyInclusion } from '../../src/tlog/verify-proofs.ts'
import { temporaryFolder } from '../support.ts'
import { askGo, foreignVerifier } from './foreign.ts'
import { altered, leavesOf, log, newKey, origin, rootOf, vkeyOf } from './support.ts'

const found = foreignVerifier()
const binary = 'binary' in found ? found.binary : ''
const why = 'missing' in found ? ` (skipped: ${found.missing})` : ''

const key = newKey()
const vkey = vkeyOf(origin, 1, key)

const base64 = (bytes: Buffer) => bytes.toString('base64')
const draws = (count: number) => sample(tuple(nat(), nat(), nat()), { numRuns: count, seed: 7 })

type Inclusion = Parameters<typeof verifyInclusion>[0]
type Consistency = Parameters<typeof verifyConsistency>[0]

const recordRequest = ({ leaf, index, size, proof, root }: Inclusion) => ({
  op: 'record',
  proof: proof.map(base64),
  index,
  leaf: base64(leaf),
  size,
  root: base64(root),
})

const treeRequest = ({ oldSize, oldRoot, newSize, newRoot, proof }: Consistency) => ({
  op: 'tree',
  proof: proof.map(base64),
  size: newSize,
  root: base64(newRoot),
  oldSize,
  oldRoot: base64(oldRoot),
})

/** The same, each time with one bit of one hash flipped. */
function flipped(hashes: readonly Buffer[], at: number, bit: number): Buffer[] {
  return hashes.map((hash, place) => {
    if (place !== at % hashes.length) return hash
    const copy = Buffer.from(hash)
    copy[bit % 32] = (copy[bit % 32] as number) ^ (1 << (bit % 8))
    return copy
  })
}

function inclusions(): { good: Inclusion[]; forged: Inclusion[] } {
  const all = leavesOf(3000)
  const places: [size: number, index: number][] = []
  for (let size = 1; size <= 40; size += 1) {
    for (let index = 0; index < size; index += 1) places.push([size, index])
  }
  for (const [a, b] of draws(60)) places.push([1 + (a % 3000), b % (1 + (a % 3000))])
  const good = places.map(([size, index]) => {
    const leaves = all.slice(0, size)
    const leaf = all[index] as Buffer
    return { leaf, index, size, proof: inclusionProof(leaves, index), root: rootOf(leaves) }
  })
  const forged = good.flatMap((one, n) => {
    const [leaf, root, ...proof] = flipped([one.leaf, one.root, ...one.proof], n, n * 11) as [
      Buffer,
      Buffer,
      ...Buffer[],
    ]
    return [
      { ...one, leaf, root, proof },
      { ...one, index: one.index + 1 },
      { ...one, proof: [...one.proof, one.root] },
      { ...one, leaf: all[one.index + 1] ?? one.root, proof: one.proof.slice(1) },
    ]
  })
  return { good, forged }
}

function consistencies(): { good: Consistency[]; forged: Consistency[]; shifted: Consistency[] } {
  const all = leavesOf(1500)
  const sizes: [oldSize: number, newSize: number][] = []
  for (let size = 1; size <= 24; size += 1) {
    for (let old = 1; old <= size; old += 1) sizes.push([old, size])
  }
  for (const [a, b] of draws(60)) sizes.push([1 + (b % (1 + (a % 1500))), 1 + (a % 1500)])
  const good = sizes.map(([oldSize, newSize]) => {
    const leaves = all.slice(0, newSize)
    const oldRoot = rootOf(all.slice(0, oldSize))
    const proof = consistencyProof(leaves, oldSize)
    return { oldSize, oldRoot, newSize, newRoot: rootOf(leaves), proof }
  })
  const forged = good.flatMap((one, n) => {
    const [oldRoot, newRoot, ...proof] = flipped(
      [one.oldRoot, one.newRoot, ...one.proof],
      n,
      n * 11,
    ) as [Buffer, Buffer, ...Buffer[]]
    return [
      { ...one, oldRoot, newRoot, proof },
      { ...one, proof: [...one.proof, one.oldRoot] },
    ]
  })
  // Trees of 3 and 4 leaves have proofs of one shape: that a size goes with a root, only the signature says.
  const shifted = good.flatMap((one) => [
    { ...one, oldSize: one.oldSize + 1 },
    { ...one, newSize: one.newSize + 1 },
  ])
  return { good, forged, shifted }
}

/** A note is good when a known key has signed it, and no signature of a known key is wrong: Go's rule. */
function opens(text: string): boolean {
  const note = parseNote(text)
  const verifier = parseVkey(vkey)
  const mine = note?.signatures.filter((one) => isSignatureOf(one, verifier)) ?? []
  return mine.length > 0 && mine.every((one) => verifySignature(note?.text ?? '', one, verifier).ok)
}

describe.skipIf(binary === '')(`Go's sumdb/note and sumdb/tlog${why}`, () => {
  it('take every inclusion proof of ours, and refuse every forged one, as we do', () => {
    const { good, forged } = inclusions()
    expect(good.length).toBeGreaterThan(800)
    expect(good.filter((one) => !verifyInclusion(one))).toEqual([])
    expect(forged.filter((one) => verifyInclusion(one))).toEqual([])
    expect(askGo(binary, good.map(recordRequest))).not.toContain(false)
    expect(askGo(binary, forged.map(recordRequest))).not.toContain(true)
  })

  it('take every consistency proof of ours, and refuse every forged one, as we do', () => {
    const { good, forged, shifted } = consistencies()
    expect(good.length).toBeGreaterThan(300)
    expect(good.filter((one) => !verifyConsistency(one))).toEqual([])
    expect(forged.filter((one) => verifyConsistency(one))).toEqual([])
    expect(askGo(binary, good.map(treeRequest))).not.toContain(false)
    expect(askGo(binary, forged.map(treeRequest))).not.toContain(true)
    expect(askGo(binary, shifted.map(treeRequest))).toEqual(shifted.map(verifyConsistency))
  })

  it('open every note and checkpoint of ours', () => {
    const leaves = leavesOf(300)
    const texts = leaves.map((leaf, n) => `${leaf.toString('hex')}\n\nüber ${n} — note\n`)
    const notes = texts.map((text) => formatNote(text, [signNote(text, origin, key)]))
    const signers = [key, newKey()].map((privateKey) => ({ name: log, privateKey }))
    const checkpoints = leaves.map((root, size) =>
      signCheckpoint({ origin, size, root }, signers, 1_800_000_000 + size),
    )
    expect([...notes, ...checkpoints].filter((text) => !opens(text))).toEqual([])
    expect(
      askGo(
        binary,
        notes.map((text) => ({ op: 'note', vkey, text })),
      ),
    ).not.toContain(false)
    const requests = checkpoints.map((text) => ({ op: 'checkpoint', vkey, text }))
    expect(askGo(binary, requests)).not.toContain(false)
  })

  it('refuse what we refuse, for notes with one byte altered', () => {
    const text = signCheckpoint(
      { origin, size: 9, root: Buffer.alloc(32, 1) },
      [{ name: log, privateKey: key }],
      1_800_000_000,
    )
    const notes = draws(1500).map(([at, by]) => altered(text, at, by))
    const ours = notes.map(opens)
    const theirs = askGo(
      binary,
      notes.map((one) => ({ op: 'note', vkey, text: one })),
    )
    // In the lines of keys that are not known, both read over a change.
    expect(ours.filter((ok) => ok).length).toBeGreaterThan(100)
    expect(ours.filter((ok) => !ok).length).toBeGreaterThan(500)
    for (const [n, ok] of theirs.entries()) {
      if (ok === ours[n]) continue
      // Go reads base64 with stray bits in its last character: a second spelling, which we refuse.
      expect(ours[n]).toBe(false)
      expect(respelled(notes[n] as string)).not.toBe(notes[n])
      expect(opens(respelled(notes[n] as string))).toBe(true)
    }
  })

  it('check the proof of one record by its line, as anybody can who has the key', () => {
    const folder = temporaryFolder()
    const lines = Array.from({ length: 40 }, (_, seq) => Buffer.from(`{"seq":${seq}}`))
    const leaves = lines.map((line) => Buffer.from(leafHash(line), 'base64'))
    const checkpoint = signCheckpoint(
      { origin, size: 40, root: rootOf(leaves) },
      [{ name: log, privateKey: key }],
      1_800_000_000,
    )
    const proof = formatProof({ index: 13, hashes: inclusionProof(leaves, 13), checkpoint })
    const policy = parseTrustPolicy(`log ${vkey}\nquorum none\n`)
    expect(verifyProof(proof, leaves[13] as Buffer, policy).verified).toBe(true)
    const ask = (text: string, line: Buffer) => {
      const [keyFile, proofFile, lineFile] = ['vkeys', 'x.tlog-proof', 'x.json'].map((name) =>
        join(folder, name),
      ) as [string, string, string]
      writeFileSync(proofFile, text)
      writeFileSync(lineFile, Buffer.concat([line, Buffer.from('\n')]))
      writeFileSync(keyFile, vkey)
      const { status, stdout } = spawnSync(binary, [keyFile, lineFile, proofFile])
      return [status, stdout.toString()]
    }
    expect(ask(proof, lines[13] as Buffer)).toEqual([
      0,
      `signed and proved: record 13 of the 40 records of ${origin}\n`,
    ])
    expect(ask(proof, lines[12] as Buffer)).toEqual([1, ''])
    expect(ask(proof.replace('index 13', 'index 14'), lines[13] as Buffer)).toEqual([1, ''])
    expect(ask(proof.replace('\n40\n', '\n41\n'), lines[13] as Buffer)).toEqual([1, ''])
    // What else is in the proof, no signature covers.
    const extra = proof.replace('index', 'extra AAAA\nindex')
    expect(ask(extra, lines[13] as Buffer)[0]).toBe(0)
  })
})

/** The note with its signatures' base64 written anew. */
function respelled(text: string): string {
  return text.replaceAll(/(?<=^— \S+ )\S+$/gm, (base) =>
    Buffer.from(base, 'base64').toString('base64'),
  )
}
