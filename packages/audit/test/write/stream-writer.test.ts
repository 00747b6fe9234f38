import { expect, it } from 'vitest'
import type { FileLayer } from '../../src/folder/file-layer.ts'
import { createStreamWriter, type StreamWriter } from '../../src/write/stream-writer.ts'
import { decision } from '../support-event.ts'

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** A writer whose disk takes what is appended at once, as a page cache does, and syncs when the test says so. */
function heldWriter(): { writer: StreamWriter; lines: number[]; syncs: (() => void)[] } {
  /** Of each write. */
  const lines: number[] = []
  const syncs: (() => void)[] = []
  const files = {
    create: async () => ({
      append(bytes: Buffer) {
        lines.push(bytes.toString().split('\n').length - 1)
        return undefined
      },
      sync: () => new Promise<void>((done) => syncs.push(done)),
      close: async () => {},
    }),
    syncFolder: async () => {},
  } as Partial<FileLayer> as FileLayer
  const writer = createStreamWriter({
    ...{ files, directory: '/nowhere', log: 'lelu', stream: 's', now: Date.now },
    ...{ deadlineMs: 10_000, segmentBytes: 1e9 },
  })
  return { writer, lines, syncs }
}

it('has the disk sync the next batch before the callers of this one take the processor', async () => {
  const { writer, syncs } = heldWriter()
  const begun: number[] = []
  const append = (n: number) =>
    writer.append(decision(`d${n}`)).then(() => void begun.push(syncs.length))
  // The first is written alone; those behind it are the next batch, which waits.
  const answers = Array.from({ length: 40 }, (_, n) => append(n))
  await expect.poll(() => syncs.length).toBe(1)
  syncs[0]?.()
  await answers[0]
  expect(begun).toEqual([2])
  syncs[1]?.()
  await Promise.all(answers)
  await writer.close()
})

it('writes a record that comes while nothing is going on before its caller goes on', async () => {
  const { writer, lines, syncs } = heldWriter()
  const first = writer.append(decision('d0'))
  await expect.poll(() => syncs.length).toBe(1)
  syncs[0]?.()
  await first
  await nextTurn()
  const second = writer.append(decision('d1'))
  expect([lines, syncs.length]).toEqual([[1, 1], 2])
  syncs[1]?.()
  await second
  await writer.close()
})

it('writes together what callers ask for who were answered together', async () => {
  const { writer, lines, syncs } = heldWriter()
  let stopped = false
  const caller = async () => {
    while (!stopped) await writer.append(decision('d'))
  }
  const callers = Array.from({ length: 4 }, caller)
  for (let round = 0; round < 4; round += 1) {
    await expect.poll(() => syncs.length).toBe(round + 1)
    syncs[round]?.()
  }
  await expect.poll(() => lines).toEqual([1, 4, 4, 4, 4])
  stopped = true
  syncs[4]?.()
  await Promise.all(callers)
  await writer.close()
})
