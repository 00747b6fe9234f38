import { createSecretKey } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { createApprovals } from '../../src/approvals/approvals.ts'
import { sealRow } from '../../src/approvals/seal.ts'
import { newKeyRing } from '../../src/index.ts'
import { approved, bob, carol, policyOf, suspended, trade } from '../support.ts'
import { keptRecords } from './kept-records.ts'

const kinds = (outbox: { kind: string }[]) =>
  outbox.map(({ kind }) => kind.replace('approval.', ''))

describe('the outbox of a suspended call', () => {
  it('holds what happened, in order, each with an opaque id and at once due', async () => {
    const { lelu, clock, outbox } = await keptRecords()
    const id = await suspended(lelu)
    clock.advance(1000)
    await lelu.approvals.review(id, { verdict: 'deny', reviewer: bob, reason: 'too much' })
    const kept = await outbox(id)
    expect(kinds(kept)).toEqual(['requested', 'denied'])
    const fresh = { id: expect.stringMatching(/^ntf_[0-9a-f-]{36}$/), tries: 0, sent: [] }
    const [from, to] = [clock.now() - 1000, clock.now()]
    expect(kept).toEqual([
      { ...fresh, kind: 'approval.requested', at: from, nextAt: from },
      { ...fresh, kind: 'approval.denied', at: to, nextAt: to },
    ])
    expect(kept[0]?.id).not.toBe(kept[1]?.id)
  })

  it('is told of when it gains a notice, and not again when it is written with it', async () => {
    const { lelu, records } = await keptRecords()
    const id = await suspended(lelu)
    const told = vi.fn()
    records.noticed.addEventListener('notice', told)
    const wait = { next: { state: 'pending' as const }, events: [] }
    await records.transition(id, () => wait)
    expect(told).not.toHaveBeenCalled()
    await records.transition(id, ({ state, outbox }) => {
      const again = outbox.map((notice) => ({ ...notice, only: 'ops' }))
      return { next: { state, outbox: [...outbox, ...again] }, events: [] }
    })
    expect(told).toHaveBeenCalledTimes(1)
  })

  it('does not change how the record reads: created and loaded, it has one JSON text', async () => {
    const { lelu, records } = await keptRecords()
    const outcome = await lelu.guard(trade(0.85), () => 'ran')
    if (outcome.status !== 'suspended') throw new Error('not suspended')
    const { approval } = outcome
    expect(JSON.stringify(await lelu.approvals.get(approval.id))).toBe(JSON.stringify(approval))
    expect(Object.keys(await records.load(approval.id))).toContain('outbox')
  })

  it('stays empty when nobody listens, also to what a process that does later changes', async () => {
    const { lelu, records, outbox } = await keptRecords({ notices: false })
    const id = await suspended(lelu)
    await lelu.approvals.cancel(id)
    expect(await outbox(id)).toEqual([])
    expect((await records.load(id)).listens).toBe(false)
    expect(await lelu.approvals.get(id)).not.toHaveProperty('outbox')
  })

  it('is filled by a process without listeners, once the call was suspended with one', async () => {
    const { lelu, clock, outbox, records } = await keptRecords()
    const id = await suspended(lelu)
    const times = { approveWithinMs: 1000, executeWithinMs: 1000 }
    const desk = createApprovals({ records, now: clock.now, earliest: clock.now, ...times })
    await desk.review(id, { verdict: 'approve', reviewer: bob })
    expect(kinds(await outbox(id))).toEqual(['requested', 'approved'])
  })

  it('says that a call was cancelled, revoked or not decided in time', async () => {
    const { lelu, clock, outbox } = await keptRecords({ approveWithinMs: 1000 })
    const cancelled = await suspended(lelu)
    await lelu.approvals.cancel(cancelled)
    expect(kinds(await outbox(cancelled))).toEqual(['requested', 'cancelled'])
    const revoked = await approved(lelu, { id: 'call-2' })
    await lelu.tokens.revoke({ approval: revoked })
    expect(kinds(await outbox(revoked))).toEqual(['requested', 'approved', 'revoked'])
    const expired = await suspended(lelu, { id: 'call-3' })
    clock.advance(1000)
    expect(kinds(await outbox(expired))).toEqual(['requested', 'expired'])
  })

  it('says that nobody knows whether a call took effect, and nothing of one that ran', async () => {
    const { lelu, outbox } = await keptRecords()
    const aborted = await approved(lelu)
    const abort = () => {
      throw new DOMException('stopped', 'AbortError')
    }
    await expect(lelu.resume(aborted, abort)).rejects.toThrow('stopped')
    expect(kinds(await outbox(aborted))).toEqual(['requested', 'approved', 'unknown'])
    const ran = await approved(lelu, { id: 'call-2' })
    await lelu.resume(ran, () => 'done')
    expect(kinds(await outbox(ran))).toEqual(['requested', 'approved'])
  })

  it('asks for another look when an edit made earlier votes void', async () => {
    const requirement = { id: 'two', quorum: 2, reviewers: null, expiresInMs: null }
    const policies = policyOf(() => ({
      effect: 'require_approval',
      requirements: [requirement],
    }))
    const { lelu, outbox } = await keptRecords({ policies })
    const id = await suspended(lelu, { schema: { type: 'object' } })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    expect(kinds(await outbox(id))).toEqual(['requested'])
    const input = { symbol: 'ACME', amount: 1 }
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: carol, input })
    expect(kinds(await outbox(id))).toEqual(['requested', 'edited'])
  })

  it('gets its notice in the write of the transition, and none when that write loses', async () => {
    const { lelu, records, driver } = await keptRecords()
    const id = await suspended(lelu)
    const seen = await records.load(id)
    const swap = vi.spyOn(driver, 'swap')
    const deny = { next: { state: 'denied' as const }, events: [] }
    const first = await records.commit(seen, deny)
    expect(swap).toHaveBeenCalledTimes(1)
    expect(kinds(first?.outbox ?? [])).toEqual(['requested', 'denied'])
    expect(await records.commit(seen, { ...deny, next: { state: 'cancelled' } })).toBeUndefined()
    expect(kinds((await records.load(id)).outbox)).toEqual(['requested', 'denied'])
  })

  it('is emptied in any state, and nothing else of a call that has ended changes', async () => {
    const { lelu, records } = await keptRecords()
    const id = await suspended(lelu)
    await lelu.approvals.cancel(id)
    const ended = await records.load(id)
    const next = { state: 'cancelled' as const, outbox: ended.outbox.slice(1) }
    const emptied = await records.commit(ended, { next, events: [] })
    expect(kinds(emptied?.outbox ?? [])).toEqual(['cancelled'])
    await expect(
      records.commit(ended, { next: { ...next, reason: null }, events: [] }),
    ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
    await expect(
      records.commit(ended, { next: { state: 'approved' }, events: [] }),
    ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  })

  it('tells this process at once that there is something to send, once it is in the log', async () => {
    const { lelu, records } = await keptRecords()
    const id = await suspended(lelu)
    const noticed = vi.fn()
    records.noticed.addEventListener('notice', noticed)
    await records.commit(await records.load(id), { next: { state: 'denied' }, events: [] })
    expect(noticed).toHaveBeenCalledTimes(1)
  })
})

it('a record of before there were notices still loads, and is quiet', async () => {
  const keys = newKeyRing(0)
  const { lelu, driver, records, outbox } = await keptRecords({ keys })
  const id = await suspended(lelu)
  const row = await driver.get(id)
  const [seal] = keys.seal
  if (row === undefined || seal === undefined) throw new Error('no row')
  const { listens: _l, outbox: _o, remindedAt: _r, ...old } = await records.load(id)
  const { level: _level, escalatedMs: _escalated, ...body } = old
  const key = { kid: seal.kid, secret: createSecretKey(seal.secret, 'base64url') }
  await driver.swap(row.rev, sealRow({ ...row, body: JSON.stringify(body) }, key))
  expect((await lelu.approvals.get(id)).level).toBe(0)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  expect(await outbox(id)).toEqual([])
})
