import { hash } from 'node:crypto'
import { assert, nat, property, record, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  consistencyProof,
  createTree,
  emptyRoot,
  inclusionProof,
  nodeHash,
  verifyConsistency,
  verifyInclusion,
} from '../../src/tlog/merkle.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const leafOf = (data: Buffer) => hash('sha256', Buffer.concat([Buffer.of(0), data]), 'buffer')
const leaves = (count: number) =>
  Array.from({ length: count }, (_, n) => leafOf(Buffer.from(`${n}`)))

function rootOf(hashes: readonly Buffer[]): Buffer {
  const tree = createTree()
  for (const leaf of hashes) tree.append(leaf)
  return tree.root()
}

// The eight leaves and their roots that the reference implementation of Certificate Transparency publishes
// (transparency-dev/merkle, testonly/constants.go).
const published = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((data) => leafOf(hex(data)))
const roots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
].map(hex)

describe('the Merkle tree', () => {
  it.each(roots.map((root, size) => [size, root] as const))(
    'has the published root of Certificate Transparency at size %i',
    (size, root) => {
      expect(rootOf(published.slice(0, size))).toEqual(root)
    },
  )

  it('goes on alone after it was copied', () => {
    const tree = createTree()
    for (const leaf of published.slice(0, 5)) tree.append(leaf)
    const copy = tree.copy()
    copy.append(published[5] as Buffer)
    expect([tree.size, tree.root(), copy.size, copy.root()]).toEqual([5, roots[5], 6, roots[6]])
  })

  it('takes nothing for a leaf that is not a hash', () => {
    expect(() => createTree().append(Buffer.alloc(31))).toThrow(RangeError)
  })

  it('proves every leaf of every tree up to 40, and every older tree in it', () => {
    const all = leaves(40)
    for (let size = 1; size <= all.length; size += 1) {
      const some = all.slice(0, size)
      const root = rootOf(some)
      for (const [index, leaf] of some.entries()) {
        const proof = inclusionProof(some, index)
        expect(verifyInclusion({ leaf, index, size, proof, root })).toBe(true)
      }
      for (let oldSize = 0; oldSize <= size; oldSize += 1) {
        const oldRoot = rootOf(some.slice(0, oldSize))
        const proof = consistencyProof(some, oldSize)
        expect(verifyConsistency({ oldSize, oldRoot, newSize: size, newRoot: root, proof })).toBe(
          true,
        )
      }
    }
  })

  it('proves a leaf beyond 2^32, where bit operators would wrap', () => {
    const [leaf, other] = leaves(2) as [Buffer, Buffer]
    const index = 2 ** 40
    const root = nodeHash(other, leaf)
    expect(verifyInclusion({ leaf, index, size: index + 1, proof: [other], root })).toBe(true)
    const old = { oldSize: index, oldRoot: other, newSize: index + 1, newRoot: root }
    expect(verifyConsistency({ ...old, proof: [leaf] })).toBe(true)
  })

  const cases = record({ size: nat(200), at: nat(), bit: nat(), part: nat(), bytes: uint8Array() })

  it('refuses an inclusion proof with one bit, hash, index or size altered', () => {
    assert(
      property(cases, ({ size: sizeLess, at, bit, part }) => {
        const all = leaves(sizeLess + 1)
        const size = all.length
        const index = at % size
        const good = {
          leaf: all[index] as Buffer,
          index,
          size,
          proof: inclusionProof(all, index),
          root: rootOf(all),
        }
        expect(verifyInclusion(good)).toBe(true)
        const spots = [good.leaf, good.root, ...good.proof]
        const spot = part % spots.length
        const flipped = spots.map((bytes, n) => (n === spot ? flip(bytes, bit) : bytes))
        const [leaf, root, ...proof] = flipped as [Buffer, Buffer, ...Buffer[]]
        const wrong = [
          { ...good, leaf, root, proof },
          { ...good, proof: [...good.proof, good.root] },
          { ...good, proof: [good.root, ...good.proof] },
          { ...good, proof: good.proof.slice(1) },
          { ...good, index: size },
          { ...good, index: -1 },
          { ...good, index: index + 0.5 },
          {
            ...good,
            index: (index + 1) % size,
            leaf: size === 1 ? good.root.subarray(1) : good.leaf,
          },
        ]
        if (good.proof.length === 0) wrong.splice(3, 1)
        for (const one of wrong) expect(verifyInclusion(one)).toBe(false)
      }),
    )
  })

  it('refuses a consistency proof with one bit, hash or size altered', () => {
    assert(
      property(cases, ({ size: newLess, at, bit, part }) => {
        const all = leaves(newLess + 2)
        const newSize = all.length
        const oldSize = 1 + (at % (newSize - 1))
        const oldRoot = rootOf(all.slice(0, oldSize))
        const good = {
          oldSize,
          oldRoot,
          newSize,
          newRoot: rootOf(all),
          proof: consistencyProof(all, oldSize),
        }
        expect(verifyConsistency(good)).toBe(true)
        const spots = [oldRoot, good.newRoot, ...good.proof]
        const spot = part % spots.length
        const flipped = spots.map((bytes, n) => (n === spot ? flip(bytes, bit) : bytes))
        const [old, newRoot, ...proof] = flipped as [Buffer, Buffer, ...Buffer[]]
        const wrong = [
          { ...good, oldRoot: old, newRoot, proof },
          { ...good, proof: [...good.proof, oldRoot] },
          { ...good, proof: good.proof.slice(1) },
          { ...good, proof: [] },
          { ...good, oldSize: 0 },
          { ...good, oldSize: newSize },
          { ...good, newSize: oldSize },
          { ...good, newSize: oldSize - 1 },
          { ...good, oldSize: oldSize + 0.5 },
        ]
        for (const one of wrong) expect(verifyConsistency(one)).toBe(false)
      }),
    )
  })

  it('takes the empty tree for the beginning of every tree, and no other root for it', () => {
    const newer = { newSize: 8, newRoot: roots[8] as Buffer }
    const empty = { oldSize: 0, oldRoot: emptyRoot, proof: [] }
    expect(verifyConsistency({ ...empty, ...newer })).toBe(true)
    expect(verifyConsistency({ ...empty, newSize: 0, newRoot: emptyRoot })).toBe(true)
    const other = roots[1] as Buffer
    expect(verifyConsistency({ ...empty, ...newer, oldRoot: other })).toBe(false)
    expect(verifyConsistency({ ...empty, oldRoot: other, newSize: 0, newRoot: other })).toBe(false)
    expect(verifyConsistency({ ...empty, ...newer, proof: [other] })).toBe(false)
  })

  it('makes no proof of what is not there', () => {
    expect(() => inclusionProof(published, 8)).toThrow(RangeError)
    expect(() => inclusionProof([], 0)).toThrow(RangeError)
    expect(() => consistencyProof(published, 9)).toThrow(RangeError)
  })
})

function flip(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  const at = Math.floor(bit / 8) % copy.length
  copy[at] = (copy[at] as number) ^ (1 << (bit % 8))
  return copy
}
