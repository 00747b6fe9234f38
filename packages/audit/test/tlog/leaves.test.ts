import { expect, it } from 'vitest'
import { leafHashOfText } from '../../src/record/line.ts'
import { createLeaves } from '../../src/tlog/leaves.ts'

it('leaf hashes keep their order while more come and some go', () => {
  const leaves = createLeaves()
  const texts = Array.from({ length: 1000 }, (_, n) => leafHashOfText(String(n)))
  const bytesOf = (from: number, to: number) =>
    Buffer.concat(texts.slice(from, to).map((leaf) => Buffer.from(leaf, 'base64')))
  for (const leaf of texts.slice(0, 100)) leaves.add(leaf)
  const first = leaves.bytes(100)
  for (const leaf of texts.slice(100)) leaves.add(Buffer.from(leaf, 'base64'))
  expect(first.equals(bytesOf(0, 100))).toBe(true)
  expect(leaves.bytes().equals(bytesOf(0, 1000))).toBe(true)
  leaves.drop(100)
  expect(leaves.size).toBe(900)
  expect(leaves.bytes().equals(bytesOf(100, 1000))).toBe(true)
  leaves.drop(900)
  expect([leaves.size, leaves.bytes().length]).toEqual([0, 0])
})
