import { describe, expect, it, vi } from 'vitest'
import type { ApprovalRecord } from '../../src/approvals/record.ts'
import { createNotifier, type NotifierOptions } from '../../src/notify/notifier.ts'
import { notifyLoop } from '../../src/notify/notify-loop.ts'
import { storeError } from '../../src/store/store-error.ts'
import { keptRecords } from '../approvals/kept-records.ts'
import { suspended, testEngine } from '../support.ts'
import { receiver, webhook } from './receiver.ts'

/** The records of an engine that keeps notices, and a notifier over them with parts of our own. */
async function notifierWith(url: string, more: Partial<NotifierOptions> = {}) {
  const { lelu, clock, records, storage } = await keptRecords()
  const put = vi.fn(async () => {})
  const undelivered = { put } as unknown as NotifierOptions['undelivered']
  const warn = vi.fn()
  const targets = [webhook(url)]
  const base = { records, undelivered, targets, warn, now: clock.now }
  const loopOf = (parts: Partial<NotifierOptions> = {}) =>
    notifyLoop(createNotifier({ ...base, ...more, ...parts }), () => {})
  return { lelu, clock, records, storage, put, warn, loopOf }
}

describe('one delivery', () => {
  it('goes on to the end, page by page', async () => {
    const { url, received } = await receiver()
    const { lelu, loopOf } = await notifierWith(url)
    for (let n = 0; n < 130; n += 1) await suspended(lelu, { id: `call-${n}` })
    expect(await loopOf().deliver()).toMatchObject({ sent: 130, failed: 0 })
    expect(received).toHaveLength(130)
  })

  it('goes on behind pages of calls of which nobody is to be told', async () => {
    const { url, received } = await receiver()
    const { lelu, clock, loopOf, storage } = await notifierWith(url, { pageSize: 4 })
    const silent = await testEngine({ ...storage, notices: false, approveWithinMs: 1000 })
    // Due because they have expired: who keeps no notices looks at none of them.
    for (let n = 0; n < 10; n += 1) await suspended(silent, { id: `silent-${n}` })
    clock.advance(60_000)
    await suspended(lelu)
    expect(await loopOf().deliver()).toMatchObject({ sent: 1 })
    expect(received).toHaveLength(1)
  })

  it('asks for less where the store does not bring so much in time', async () => {
    const { url, received } = await receiver()
    const { lelu, records, loopOf } = await notifierWith(url)
    for (let n = 0; n < 9; n += 1) await suspended(lelu, { id: `call-${n}` })
    const due: typeof records.due = async (limit) => {
      if (limit > 5) throw storeError(new Error('statement timeout'), 'reading what is due')
      return records.due(limit)
    }
    expect(await loopOf({ records: { ...records, due } }).deliver()).toMatchObject({ sent: 9 })
    expect(received).toHaveLength(9)
    const away = vi.fn(() => Promise.reject(storeError(new Error('gone'), 'reading what is due')))
    const delivering = loopOf({ records: { ...records, due: away } }).deliver()
    await expect(delivering).rejects.toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
    expect(away.mock.calls.length).toBeLessThan(9)
  })

  it('puts nothing off while a target only takes one after the other', async () => {
    const { url, received } = await receiver()
    const { lelu, loopOf } = await notifierWith(url, { width: 1, pageSize: 4 })
    for (let n = 0; n < 80; n += 1) await suspended(lelu, { id: `call-${n}` })
    // The clock stands still: what was put off would not be sent.
    expect(await loopOf().deliver()).toMatchObject({ sent: 80, failed: 0 })
    expect(received).toHaveLength(80)
  })

  it('ends when all that is due is being sent by others', async () => {
    const { url, received } = await receiver()
    const { lelu, records, loopOf } = await notifierWith(url)
    await suspended(lelu)
    const [record] = (await records.due(1)).records
    const page = Array.from({ length: 100 }, (_, n) => ({
      ...(record as ApprovalRecord),
      id: `apr_${n}`,
    }))
    const read = { records: page, altered: [], passed: 0, isAll: false, size: 900 }
    const due = vi.fn(async () => read)
    const busy = { ...records, due, commit: async () => undefined }
    expect(await loopOf({ records: busy }).deliver()).toMatchObject({ sent: 0 })
    expect(due).toHaveBeenCalledTimes(1)
    expect(received).toHaveLength(0)
  })

  it('is not stopped by a record that cannot be written', async () => {
    const { url } = await receiver()
    const { lelu, records, loopOf, warn } = await notifierWith(url)
    const bad = await suspended(lelu)
    await suspended(lelu, { id: 'call-2' })
    const commit: typeof records.commit = async (record, change) => {
      if (record.id === bad) throw new Error('no')
      return records.commit(record, change)
    }
    expect(await loopOf({ records: { ...records, commit } }).deliver()).toMatchObject({ sent: 1 })
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toContain(bad)
  })

  it('gives nothing up because its own process ends', async () => {
    const { url, answers, next } = await receiver()
    answers.push(() => {})
    const { lelu, records, loopOf, put } = await notifierWith(url, { maxTries: 1 })
    const id = await suspended(lelu)
    const loop = loopOf()
    const came = next()
    const delivering = loop.deliver()
    await came
    await loop.close(0)
    expect(await delivering).toMatchObject({ undelivered: 0 })
    expect(put).not.toHaveBeenCalled()
    expect((await records.load(id)).outbox).toHaveLength(1)
  })

  it('sends nothing of a claim that another process has won', async () => {
    const { url, received } = await receiver()
    const { lelu, records, loopOf } = await notifierWith(url)
    await suspended(lelu)
    const stale = await records.due(10)
    await loopOf().deliver()
    const late = { ...records, due: async () => stale }
    expect(await loopOf({ records: late }).deliver()).toMatchObject({ sent: 0, failed: 0 })
    expect(received).toHaveLength(1)
  })
})
