import { expect, it, vi } from 'vitest'
import { suspended } from '../support.ts'
import { keptRecords } from './kept-records.ts'

it('a list names a row that is of no kind there is, and shows what waits beside it', async () => {
  const { lelu, driver } = await keptRecords()
  const id = await suspended(lelu)
  const row = await driver.get(id)
  if (row === undefined) throw new Error('no row')
  await driver.create({ ...row, id: 'apq_1', idem: null })
  const { approvals, altered, next } = await lelu.approvals.list()
  expect([approvals.map((one) => one.id), altered, next]).toEqual([[id], ['apq_1'], null])
})

it('a list that could not be read is an error, and no row of it is called altered', async () => {
  const { lelu, records, driver } = await keptRecords()
  const id = await suspended(lelu)
  const row = await driver.get(id)
  if (row === undefined) throw new Error('no row')
  await vi.waitFor(async () => expect((await driver.get(id))?.audited).toBe(1), 30_000)
  await driver.swap(row.rev, { ...row, audited: 0 })
  vi.spyOn(lelu.audit, 'append').mockRejectedValue(new Error('the disk is full'))
  await expect(records.list({ limit: 10 })).rejects.toThrow('the disk is full')
})
