import { expect, test, vi } from 'vitest'
import { keptRecords } from '../approvals/kept-records.ts'
import { approved } from '../support.ts'

test('an approved call is claimed before its deadline by the clock of the database, or not at all', async () => {
  const { lelu, driver } = await keptRecords()
  const id = await approved(lelu)
  const { executeBy } = await lelu.approvals.get(id)
  const swap = vi.spyOn(driver, 'swap')
  await lelu.resume(id, () => 'ran')
  const claim = swap.mock.calls.find(([, row]) => row.state === 'executing')
  expect(claim?.[2]).toEqual({ before: executeBy })
})
