import { describe, expect, it } from 'vitest'
import { type Batch, createBatches } from '../../src/write/batches.ts'

const textOf = ({ bytes, length }: Batch<unknown>) => bytes.toString('utf8', 0, length)
const add = (batches: ReturnType<typeof createBatches<number>>, line: string, record: number) => {
  const bytes = Buffer.from(`<${line}>`)
  batches.add(bytes, 1, bytes.length - 1, record)
}

describe('lines that wait for the disk', () => {
  it('are one batch, each with its newline, whatever memory that takes', () => {
    const batches = createBatches<number>()
    const lines = Array.from({ length: 40 }, (_, n) => String(n % 10).repeat(n * 500))
    for (const [n, line] of lines.entries()) add(batches, line, n)
    const text = lines.map((line) => `${line}\n`).join('')
    expect(batches.bytes).toBe(text.length)
    expect(batches.next).toEqual(lines.map((_, n) => n))
    const batch = batches.take() as Batch<number>
    expect(textOf(batch)).toBe(text)
    expect([batches.bytes, batches.next, batches.take()]).toEqual([0, [], undefined])
  })

  it('are more than one batch when they are more than a megabyte', () => {
    const batches = createBatches<number>()
    for (let n = 0; n < 40; n += 1) add(batches, 'x'.repeat(65_535), n)
    const sizes = [batches.take(), batches.take(), batches.take()].map((one) => one?.records.length)
    expect(sizes).toEqual([16, 16, 8])
    expect([batches.bytes, batches.take()]).toEqual([0, undefined])
  })

  it('do not come into the bytes of a batch that the disk still has', () => {
    const batches = createBatches<number>()
    add(batches, 'one', 1)
    const first = batches.take() as Batch<number>
    add(batches, 'two', 2)
    const second = batches.take() as Batch<number>
    expect([textOf(first), textOf(second)]).toEqual(['one\n', 'two\n'])
    batches.giveBack(first)
    add(batches, 'three', 3)
    expect(textOf(second)).toBe('two\n')
    const third = batches.take() as Batch<number>
    expect([textOf(third), third.records]).toEqual(['three\n', [3]])
    expect(third.bytes).toBe(first.bytes) // the memory is used again
  })

  it('are forgotten when the disk has failed, and those who wait are known', () => {
    const batches = createBatches<number>()
    for (let n = 0; n < 20; n += 1) add(batches, 'x'.repeat(65_535), n)
    expect(batches.clear()).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect([batches.bytes, batches.next, batches.take()]).toEqual([0, [], undefined])
  })
})
