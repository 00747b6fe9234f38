import { describe, expect, it, vi } from 'vitest'
import { approved, suspended } from '../support.ts'
import { keptRecords } from './kept-records.ts'

const ids = (records: { id: string }[]) => records.map(({ id }) => id)

describe('what is due', () => {
  it('is a call with a notice to send, until its notices are gone or wait', async () => {
    const { lelu, clock, records } = await keptRecords()
    const id = await suspended(lelu)
    const [record] = (await records.due(10)).records
    if (record === undefined) throw new Error('nothing is due')
    expect(record.id).toBe(id)
    const outbox = record.outbox.map((notice) => ({ ...notice, nextAt: clock.now() + 5000 }))
    const waiting = await records.commit(record, { next: { state: 'pending', outbox }, events: [] })
    expect((await records.due(10)).records).toEqual([])
    clock.advance(5000)
    expect(ids((await records.due(10)).records)).toEqual([id])
    if (waiting === undefined) throw new Error('not written')
    await records.commit(waiting, { next: { state: 'pending', outbox: [] }, events: [] })
    expect((await records.due(10)).records).toEqual([])
  })

  it('expires without anybody asking for the call, and says so', async () => {
    const { lelu, clock, records, driver } = await keptRecords({ approveWithinMs: 1000 })
    const id = await suspended(lelu)
    clock.advance(999)
    await records.due(10)
    expect((await driver.get(id))?.state).toBe('pending')
    clock.advance(1)
    const [record] = (await records.due(10)).records
    expect(record).toMatchObject({ state: 'expired', outbox: [{}, { kind: 'approval.expired' }] })
    expect((await driver.get(id))?.state).toBe('expired')
  })

  it('is unknown when its attempt was lost, without anybody resuming it', async () => {
    const { lelu, clock, records, driver, outbox } = await keptRecords()
    const start = async (call: string, effect: 'idempotent' | 'non_idempotent') => {
      const id = await approved(lelu, { id: call, effect })
      const startedAt = clock.now()
      const attempt = { id: 'a', number: 1, startedAt, leaseUntil: startedAt + 1000 }
      const next = { state: 'executing' as const, attempt, outbox: [] }
      await records.commit(await records.load(id), { next, events: [] })
      return id
    }
    const once = await start('call-1', 'non_idempotent')
    const again = await start('call-2', 'idempotent')
    clock.advance(999)
    await records.due(10)
    expect((await driver.get(once))?.state).toBe('executing')
    const swap = vi.spyOn(driver, 'swap')
    clock.advance(1)
    const due = await records.due(10)
    expect(due.records).toMatchObject([
      { id: once, state: 'unknown', reason: { id: 'attempt_lost' } },
    ])
    expect(swap.mock.calls.map(([, , window]) => window)).toEqual([{ notBefore: clock.now() }])
    expect((await outbox(once)).map(({ kind }) => kind)).toEqual(['approval.unknown'])
    // That one does no harm twice: whoever resumes it runs it again.
    expect((await driver.get(again))?.state).toBe('executing')
  })

  it('comes the longest due first, and no more of it than was asked for', async () => {
    const { lelu, clock, records } = await keptRecords()
    const first = await suspended(lelu, { id: 'call-1' })
    clock.advance(1)
    const second = await suspended(lelu, { id: 'call-2' })
    expect(ids((await records.due(1)).records)).toEqual([first])
    expect(ids((await records.due(2)).records)).toEqual([first, second])
  })

  it('is not hidden by altered rows, which are named each time', async () => {
    const { lelu, clock, records, driver } = await keptRecords()
    const altered = await suspended(lelu, { id: 'call-1' })
    const row = await driver.get(altered)
    if (row === undefined) throw new Error('no row')
    await driver.swap(row.rev, { ...row, body: row.body.replace('"amount":100', '"amount":1') })
    clock.advance(1)
    const good = await suspended(lelu, { id: 'call-2' })
    expect(await records.due(1)).toMatchObject({ records: [], altered: [altered], isAll: false })
    const second = await records.due(1)
    expect([ids(second.records), second.altered]).toEqual([[good], [altered]])
    // Put back as it was written, it is told of like any other.
    await driver.swap(row.rev, row)
    expect(ids((await records.due(1)).records)).toEqual([altered])
    const look = vi.spyOn(driver, 'due')
    expect(ids((await records.due(2)).records)).toEqual([altered, good])
    expect(look).toHaveBeenCalledWith(clock.now(), 2)
  })

  it('is not held up by a call whose event the log does not take', async () => {
    const { lelu, clock, records, driver } = await keptRecords()
    const first = await suspended(lelu, { id: 'call-1' })
    clock.advance(1)
    const second = await suspended(lelu, { id: 'call-2' })
    const row = await driver.get(first)
    if (row === undefined) throw new Error('no row')
    await vi.waitFor(async () => expect((await driver.get(second))?.audited).toBe(1), 30_000)
    await driver.swap(row.rev, { ...row, audited: 0 })
    const append = vi.spyOn(lelu.audit, 'append').mockRejectedValue(new Error('too long'))
    await expect(records.due(1)).rejects.toThrow('too long')
    expect(ids((await records.due(1)).records)).toEqual([second])
    append.mockRestore()
    expect(ids((await records.due(2)).records)).toEqual([first, second])
  })

  it('is not blocked by a grant that somebody marked as due', async () => {
    const { lelu, records, driver } = await keptRecords()
    const id = await suspended(lelu)
    const row = await driver.get(id)
    if (row === undefined) throw new Error('no row')
    await driver.create({ ...row, id: 'grt_1', idem: null, state: 'standing', due: 0 })
    await records.due(1)
    expect(ids((await records.due(1)).records)).toEqual([id])
  })

  it('comes once when a hint was too low: outside the seal, it is put right', async () => {
    const { lelu, records, driver } = await keptRecords({ notices: false })
    const id = await suspended(lelu)
    const row = await driver.get(id)
    if (row === undefined) throw new Error('no row')
    await driver.swap(row.rev, { ...row, due: 0 })
    expect(await records.due(10)).toMatchObject({ records: [], altered: [], passed: 1 })
    const { approveBy } = await records.load(id)
    expect((await driver.get(id))?.due).toBe(approveBy)
  })
})
