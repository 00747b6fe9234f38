import { describe, expect, it, vi } from 'vitest'
import { createLine } from '../../src/notify/line.ts'
import { createNotifier } from '../../src/notify/notifier.ts'
import { keptRecords } from '../approvals/kept-records.ts'
import { suspended } from '../support.ts'
import { receiver, webhook } from './receiver.ts'

describe('the line of what is due', () => {
  it('is read a page beyond those that wait, and those too far behind are put off', () => {
    const line = createLine(100)
    expect(line.length()).toBe(100)
    line.wasRead(70, 900)
    expect(line.length()).toBe(170)
    line.wasRead(1000, 900)
    expect(line.length()).toBe(1100)
    expect([line.isPutOff(999), line.isPutOff(1000)]).toEqual([false, true])
  })

  it('is read by half where that was too much, down to one, and by and by as before', () => {
    const line = createLine(100)
    line.wasRead(300, 900)
    line.wasNotRead()
    expect(line.length()).toBe(200)
    // Who waits at its head must leave room for those behind.
    expect([line.isPutOff(99), line.isPutOff(100)]).toEqual([false, true])
    for (let n = 0; n < 10; n += 1) line.wasNotRead()
    expect([line.length(), line.isPutOff(0)]).toEqual([1, true])
    for (let n = 0; n < 110; n += 1) line.wasRead(1000, 900)
    expect([line.length(), line.isPutOff(999)]).toEqual([1100, false])
  })

  it('is no more than 16 MiB of it at once, whatever waits, but for a row that is larger', () => {
    const line = createLine(100)
    line.wasRead(1000, 2 ** 20)
    expect([line.length(), line.isPutOff(7), line.isPutOff(8)]).toEqual([16, false, true])
    line.wasRead(16, 2 ** 25)
    expect(line.length()).toBe(1)
    for (let n = 0; n < 10; n += 1) line.wasRead(0, 0)
    expect(line.length()).toBe(100)
  })
})

// With a target that does not answer and large inputs, the line that was read for all of them was more than PostgreSQL
// brings within its deadline: each look failed, and no target was told of anything any more.
it('a line that is too much for the store at once hides nobody behind those who wait', async () => {
  const [slow, fine] = [await receiver(), await receiver()]
  slow.answers.push(() => {})
  const { lelu, clock, records } = await keptRecords()
  const targets = [
    webhook(slow.url, { name: 'slow', kinds: ['approval.requested'] }),
    webhook(fine.url, { name: 'fine', kinds: ['approval.cancelled'] }),
  ]
  const due: typeof records.due = async (limit) => {
    if (limit > 5) throw new Error('too much at once')
    return records.due(limit)
  }
  const parts = { undelivered: {} as never, now: clock.now, warn() {}, timeoutMs: 60_000 }
  const notifier = createNotifier({
    ...{ ...parts, targets, records: { ...records, due } },
    ...{ width: 1, pageSize: 4 },
  })
  const ids: string[] = []
  for (let n = 0; n < 30; n += 1) ids.push(await suspended(lelu, { id: `call-${n}` }))
  await lelu.approvals.cancel(String(ids.at(-1)))
  const heard = fine.next()
  const end = new AbortController()
  const began = vi.fn()
  for (let look = 0; look < 100; look += 1) await notifier(end.signal, began).catch(() => {})
  // To the one that is slow, and to the one that is fine.
  expect(began).toHaveBeenCalledTimes(2)
  await heard
  end.abort()
  await Promise.all(began.mock.calls.map(([sending]) => sending))
})
