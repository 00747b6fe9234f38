import { hash } from 'node:crypto'
import { assert, nat, property, record, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  consistencyProof,
  createTree,
  emptyRoot,
  inclusionProof,
  nodeHash,
} from '../../src/tlog/merkle.ts'
import { verifyConsistency, verifyInclusion } from '../../src/tlog/verify-proofs.ts'

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

// Nodes of the same tree by level, of the same source; its published proofs (proof/verify_test.go) are made of them.
const node = [
  {
    0: '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    1: '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    4: 'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    6: 'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
  },
  {
    0: 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    1: '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    2: '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    3: 'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  },
  {
    0: 'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    1: '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  },
] as const

describe('the Merkle tree', () => {
  it.each(roots.map((root, size) => [size, root] as const))(
    'has the published root of Certificate Transparency at size %i',
    (size, root) => {
      expect(rootOf(published.slice(0, size))).toEqual(root)
    },
  )

  it.each([
    [0, 1, []],
    [0, 8, [node[0][1], node[1][1], node[2][1]]],
    [5, 8, [node[0][4], node[1][3], node[2][0]]],
    [2, 3, [node[1][0]]],
    [1, 5, [node[0][0], node[1][1], node[0][4]]],
  ] as const)('has the published proof of leaf %i at size %i', (index, size, path) => {
    const proof = path.map(hex)
    expect(inclusionProof(published.slice(0, size), index)).toEqual(proof)
    const [leaf, root] = [published[index] as Buffer, roots[size] as Buffer]
    expect(verifyInclusion({ leaf, index, size, proof, root })).toBe(true)
  })

  it.each([
    [1, 1, []],
    [1, 8, [node[0][1], node[1][1], node[2][1]]],
    [6, 8, [node[1][2], node[1][3], node[2][0]]],
    [2, 5, [node[1][1], node[0][4]]],
    [6, 7, [node[1][2], node[0][6], node[2][0]]],
  ] as const)('has the published proof from size %i to size %i', (oldSize, newSize, path) => {
    const proof = path.map(hex)
    expect(consistencyProof(published.slice(0, newSize), oldSize)).toEqual(proof)
    const [oldRoot, newRoot] = [roots[oldSize] as Buffer, roots[newSize] as Buffer]
    expect(verifyConsistency({ oldSize, oldRoot, newSize, newRoot, proof })).toBe(true)
  })

  it('goes on alone after it was copied', () => {
    const tree = createTree()
    for (const leaf of published.slice(0, 5)) tree.append(leaf)
    const copy = tree.copy()
    for (const leaf of published.slice(5, 7)) copy.append(leaf)
    expect([tree.size, tree.root(), copy.size, copy.root()]).toEqual([5, roots[5], 7, roots[7]])
  })

  it('takes nothing for a leaf that is not a hash', () => {
    for (const length of [0, 31, 33]) {
      const leaf = Buffer.alloc(length)
      expect(() => createTree().append(leaf)).toThrow(RangeError)
      expect(() => createTree().append(leaf.toString('base64'))).toThrow(RangeError)
    }
    // Of the length of one, but not base64: it would leave a part of the hash before in its place.
    for (const size of [1, 2]) {
      const tree = createTree()
      for (const leaf of published.slice(0, size)) tree.append(leaf)
      expect(() => tree.append(`${'!'.repeat(43)}=`)).toThrow(RangeError)
      expect([tree.size, tree.root()]).toEqual([size, roots[size]])
    }
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

  it('takes no hash that is cut short, whatever was hashed before', () => {
    const [leaf, other] = leaves(2) as [Buffer, Buffer]
    const root = nodeHash(leaf, other)
    const place = { leaf, index: 0, size: 2, root }
    const cut = other.subarray(0, 31)
    expect(verifyInclusion({ ...place, proof: [other] })).toBe(true)
    expect(verifyInclusion({ ...place, proof: [cut] })).toBe(false)
    const old = { oldSize: 1, oldRoot: leaf, newSize: 2, newRoot: root }
    expect(verifyConsistency({ ...old, proof: [other] })).toBe(true)
    expect(verifyConsistency({ ...old, proof: [cut] })).toBe(false)
  })

  it('takes no proof that is longer or shorter than the size says, though the hashes lead to the root', () => {
    const [leaf, other] = leaves(2) as [Buffer, Buffer]
    const above = nodeHash(other, leaf)
    expect(verifyInclusion({ leaf, index: 0, size: 1, proof: [other], root: above })).toBe(false)
    expect(verifyInclusion({ leaf, index: 0, size: 2, proof: [], root: leaf })).toBe(false)
    const deeper = nodeHash(above, above)
    const old = { oldSize: 1, oldRoot: leaf, newSize: 4, newRoot: nodeHash(leaf, other) }
    expect(verifyConsistency({ ...old, proof: [other] })).toBe(false)
    const longer = { oldSize: 1, oldRoot: leaf, newSize: 2, newRoot: deeper }
    expect(verifyConsistency({ ...longer, proof: [other, above] })).toBe(false)
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
