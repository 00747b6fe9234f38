import { expect, it } from 'vitest'
import { leafHashOfText } from '../../src/record/line.ts'
import { createLeafHashes } from '../../src/write/leaf-hashes.ts'

it('leaf hashes that wait for a checkpoint keep their order while more come and some go', () => {
  const hashes = createLeafHashes()
  const leaves = Array.from({ length: 1000 }, (_, n) => leafHashOfText(String(n)))
  const bytesOf = (from: number, to: number) =>
    Buffer.concat(leaves.slice(from, to).map((leaf) => Buffer.from(leaf, 'base64')))
  for (const leaf of leaves.slice(0, 100)) hashes.add(leaf)
  const first = hashes.first(100)
  for (const leaf of leaves.slice(100)) hashes.add(leaf)
  expect(first.equals(bytesOf(0, 100))).toBe(true)
  hashes.drop(100)
  expect(hashes.count).toBe(900)
  expect(hashes.first(900).equals(bytesOf(100, 1000))).toBe(true)
  hashes.drop(900)
  expect([hashes.count, hashes.first(0).length]).toEqual([0, 0])
})
