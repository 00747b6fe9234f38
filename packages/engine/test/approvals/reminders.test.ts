import { expect, it, vi } from 'vitest'
import type { LeluOptions, Requirement } from '../../src/index.ts'
import { bob, policyOf, suspended } from '../support.ts'
import { keptRecords } from './kept-records.ts'

const minute = 60_000

async function waiting(asked: Partial<Requirement>, options: Partial<LeluOptions> = {}) {
  const own = { id: 'r', quorum: 1, reviewers: null, expiresInMs: null, ...asked }
  const policies = policyOf(() => ({ effect: 'require_approval', requirements: [own] }))
  const kept = await keptRecords({ policies, ...options })
  const id = await suspended(kept.lelu)
  /** The kinds in the outbox once somebody has looked at what is due. */
  const look = async () => {
    await kept.records.due(10)
    return (await kept.outbox(id)).map(({ kind }) => kind.replace('approval.', ''))
  }
  const sendAll = async () => {
    const record = await kept.records.load(id)
    await kept.records.commit(record, { next: { state: record.state, outbox: [] }, events: [] })
  }
  return { ...kept, id, look, sendAll }
}

it('a reminder is made each time its span has passed while nobody decides', async () => {
  const { clock, look, sendAll } = await waiting({ remindEveryMs: 15 * minute })
  await sendAll()
  clock.advance(15 * minute - 1)
  expect(await look()).toEqual([])
  clock.advance(1)
  expect(await look()).toEqual(['reminder'])
  expect(await look()).toEqual(['reminder'])
  await sendAll()
  expect(await look()).toEqual([])
  clock.advance(15 * minute)
  expect(await look()).toEqual(['reminder'])
})

it('an outage is made up with one reminder, and the next comes at its usual time', async () => {
  const { clock, look, sendAll } = await waiting({ remindEveryMs: 15 * minute })
  await sendAll()
  clock.advance(70 * minute)
  expect(await look()).toEqual(['reminder'])
  await sendAll()
  clock.advance(5 * minute - 1)
  expect(await look()).toEqual([])
  clock.advance(1)
  expect(await look()).toEqual(['reminder'])
})

it('a reminder that could not be sent gives way to the next one', async () => {
  const { clock, look, outbox, id } = await waiting({ remindEveryMs: 15 * minute })
  expect(await look()).toEqual(['requested'])
  clock.advance(15 * minute)
  expect(await look()).toEqual(['requested', 'reminder'])
  const [, first] = await outbox(id)
  clock.advance(15 * minute)
  expect(await look()).toEqual(['requested', 'reminder'])
  const [, second] = await outbox(id)
  expect(second?.id).not.toBe(first?.id)
})

it('there is none after the end, and one that was on its way is dropped', async () => {
  const { clock, look, lelu, id } = await waiting({ remindEveryMs: 15 * minute })
  clock.advance(15 * minute)
  expect(await look()).toEqual(['requested', 'reminder'])
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  expect(await look()).toEqual(['requested', 'approved'])
  clock.advance(15 * minute)
  expect(await look()).toEqual(['requested', 'approved'])
})

it('there is none when the call has expired by then', async () => {
  const { clock, look } = await waiting({ remindEveryMs: 15 * minute, expiresInMs: 15 * minute })
  clock.advance(15 * minute)
  expect(await look()).toEqual(['requested', 'expired'])
})

it('an escalation at the same time is all that is said', async () => {
  const escalation = [{ afterMs: 30 * minute, groups: ['leads'] }]
  const { clock, look, sendAll } = await waiting({ remindEveryMs: 15 * minute, escalation })
  await sendAll()
  clock.advance(30 * minute)
  expect(await look()).toEqual(['escalated'])
  expect(await look()).toEqual(['escalated'])
})

it('two that look at once make one reminder', async () => {
  const { clock, records, look, sendAll, driver, id } = await waiting({
    remindEveryMs: 15 * minute,
  })
  await sendAll()
  clock.advance(15 * minute)
  const swap = vi.spyOn(driver, 'swap')
  await Promise.all([records.due(10), records.due(10), records.due(10)])
  expect(await look()).toEqual(['reminder'])
  const { approveBy } = await records.load(id)
  expect(swap.mock.calls[0]?.[2]).toEqual({ notBefore: clock.now(), before: approveBy })
})

it('nobody listens: nothing is written, and nothing is due', async () => {
  const { clock, records, driver, id } = await waiting(
    { remindEveryMs: 15 * minute },
    { notices: false },
  )
  const { approveBy } = await records.load(id)
  expect((await driver.get(id))?.due).toBe(approveBy)
  clock.advance(15 * minute)
  await records.due(10)
  expect((await driver.get(id))?.rev).toBe(1)
})
