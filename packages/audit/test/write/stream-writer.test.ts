import { expect, it } from 'vitest'
import type { FileLayer } from '../../src/folder/file-layer.ts'
import { createStreamWriter } from '../../src/write/stream-writer.ts'
import { decision } from '../support-event.ts'

it('has the disk sync the next batch before the callers of this one take the processor', async () => {
  const syncs: (() => void)[] = []
  const files = {
    // As a disk does it: what is appended is in the page cache when the call returns.
    create: async () => ({
      append: () => undefined,
      sync: () => new Promise<void>((done) => syncs.push(done)),
      close: async () => {},
    }),
    syncFolder: async () => {},
  } as Partial<FileLayer> as FileLayer
  const writer = createStreamWriter({
    ...{ files, directory: '/nowhere', log: 'lelu', stream: 's', now: Date.now },
    ...{ deadlineMs: 10_000, segmentBytes: 1e9 },
  })
  const begun: number[] = []
  const append = (n: number) =>
    writer.append(decision(`d${n}`)).then(() => void begun.push(syncs.length))
  // Sixteen are worth a write; those behind them are the next batch, which waits.
  const answers = Array.from({ length: 40 }, (_, n) => append(n))
  await expect.poll(() => syncs.length).toBe(1)
  syncs[0]?.()
  await Promise.all(answers.slice(0, 16))
  expect(begun).toEqual(Array(16).fill(2))
  syncs[1]?.()
  await Promise.all(answers)
  await writer.close()
})
