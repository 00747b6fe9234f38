import { describe, expect, it } from 'vitest'
import { bob, suspended } from '../support.ts'
import { besideHanging } from './hanging.ts'

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n))

describe('a target that does not answer', () => {
  it('holds up no other, and gets each notification once when it answers', async () => {
    const { dead, fine, lelu, heard } = await besideHanging()
    await suspended(lelu)
    await heard(1)
    // More than one target is sent at once.
    await Promise.all(times(40, (n) => suspended(lelu, { id: `more-${n}` })))
    await heard(41)
    expect(dead.received.length).toBeLessThanOrEqual(32)
    dead.answer()
    await lelu.notifications.deliver()
    expect([dead.ids().length, new Set(dead.ids()).size]).toEqual([41, 41])
    expect(fine.received).toHaveLength(41)
  })

  it('gets each notification once also when several processes deliver', async () => {
    const { dead, fine, clock, silent, all, heard } = await besideHanging(3)
    for (let n = 0; n < 80; n += 1) await suspended(silent, { id: `call-${n}` })
    const deliveries = all.map(({ notifications }) => notifications.deliver())
    await heard(80)
    dead.answer()
    await Promise.all(deliveries)
    clock.advance(3_600_000)
    for (const { notifications } of all) await notifications.deliver()
    expect([dead.ids().length, new Set(dead.ids()).size]).toEqual([80, 80])
    expect(fine.received).toHaveLength(80)
  })

  it('gets the notices of one call in order, and so does the other', async () => {
    const { dead, fine, lelu, heard } = await besideHanging()
    const id = await suspended(lelu)
    await heard(1)
    await lelu.approvals.review(id, { verdict: 'deny', reviewer: bob })
    await heard(2)
    expect(dead.received).toHaveLength(1)
    dead.answer()
    await lelu.notifications.deliver()
    const kinds = ['approval.requested', 'approval.denied']
    expect([dead, fine].map((one) => one.told().map(({ type }) => type))).toEqual([kinds, kinds])
  })
})
