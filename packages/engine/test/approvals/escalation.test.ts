import { join } from 'node:path'
import { readRecords } from '@lelu/audit/reading'
import { describe, expect, it, vi } from 'vitest'
import type { LeluOptions, Requirement, Reviewer } from '../../src/index.ts'
import { bob, policyOf, suspended, trade } from '../support.ts'
import { keptRecords } from './kept-records.ts'

const minute = 60_000
const person = (id: string, ...groups: string[]): Reviewer => ({
  ...{ id, issuer: 'test', method: 'test' },
  ...(groups.length > 0 && { groups }),
})
const lead = person('lea', 'leads')

const asking = (...asked: Partial<Requirement>[]) =>
  policyOf(() => ({
    effect: 'require_approval',
    requirements: asked.map((one, index) => ({
      ...{ id: `r${index}`, quorum: 1, reviewers: ['bob'], expiresInMs: null },
      ...one,
    })),
  }))

/** Bob decides; after half an hour the leads may as well, after an hour Erin. */
const steps = [
  { afterMs: 30 * minute, groups: ['leads'] },
  { afterMs: 60 * minute, reviewers: ['erin'] },
]

async function waiting(asked: Partial<Requirement>[], options: Partial<LeluOptions> = {}) {
  const kept = await keptRecords({ policies: asking(...asked), ...options })
  const id = await suspended(kept.lelu, { schema: { type: 'object' } })
  const vote = async (reviewer: Reviewer, verdict: 'approve' | 'deny' = 'approve') =>
    (await kept.lelu.approvals.review(id, { verdict, reviewer })).state
  return { ...kept, id, vote }
}

const notEligible = expect.objectContaining({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })

describe('an escalation', () => {
  it('opens the review to those of the step at its time, and not before', async () => {
    const { lelu, clock, vote, id } = await waiting([{ escalation: steps }])
    await expect(vote(lead)).rejects.toEqual(notEligible)
    clock.advance(30 * minute - 1)
    await expect(vote(lead)).rejects.toEqual(notEligible)
    expect((await lelu.approvals.get(id)).level).toBe(0)
    clock.advance(1)
    await expect(vote(person('erin'))).rejects.toEqual(notEligible)
    await expect(vote(person('mallory'))).rejects.toEqual(notEligible)
    expect(await vote(lead)).toBe('approved')
    expect(await lelu.approvals.get(id)).toMatchObject({ level: 1 })
  })

  it('runs the call that those of a step approved, though the policy is asked again', async () => {
    const { lelu, clock, vote, id } = await waiting([{ escalation: steps }])
    clock.advance(60 * minute)
    expect(await vote(person('erin'))).toBe('approved')
    expect(await lelu.resume(id, () => 'done')).toMatchObject({ status: 'executed', value: 'done' })
  })

  it('does not make a vote good that the policy of today would not have let in', async () => {
    let escalation = steps
    const policies = policyOf((input) => asking({ escalation }).evaluate(input))
    const { lelu, clock, vote, id } = await waiting([], { policies })
    clock.advance(30 * minute)
    expect(await vote(lead)).toBe('approved')
    escalation = [{ afterMs: 45 * minute, groups: ['leads'] }]
    expect(await lelu.resume(id, () => 'done')).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'policy_changed' }] },
    })
  })

  it('never shuts out who could review before', async () => {
    const named = await waiting([{ escalation: steps }])
    named.clock.advance(60 * minute)
    expect(await named.vote(bob)).toBe('approved')
    // Where nobody is named, a step does not name the only ones.
    const open = await waiting([{ reviewers: null, escalation: steps }])
    open.clock.advance(60 * minute)
    expect(await open.vote(person('anybody'))).toBe('approved')
  })

  it('never lets the one who asked decide', async () => {
    const escalation = [{ afterMs: minute, reviewers: ['alice', 'trader-1'], groups: ['leads'] }]
    const { clock, vote } = await waiting([{ escalation }])
    clock.advance(minute)
    await expect(vote(person('alice', 'leads'))).rejects.toEqual(notEligible)
    await expect(vote(person('trader-1'))).rejects.toEqual(notEligible)
  })

  it('never changes how many must agree', async () => {
    const { clock, vote } = await waiting([{ quorum: 2, escalation: steps }])
    clock.advance(60 * minute)
    expect(await vote(lead)).toBe('pending')
    expect(await vote(person('erin'))).toBe('approved')
  })

  it('lets one of a step end the call with a deny', async () => {
    const { clock, vote } = await waiting([{ quorum: 2, escalation: steps }])
    clock.advance(30 * minute)
    expect(await vote(lead, 'deny')).toBe('denied')
  })

  it('brings all steps into force at once that an outage has delayed, in one write', async () => {
    const { lelu, clock, id, outbox } = await waiting([{ escalation: steps }])
    clock.advance(61 * minute)
    expect(await lelu.approvals.get(id)).toMatchObject({ level: 2, revision: 2 })
    expect((await outbox(id)).map(({ kind }) => kind)).toEqual([
      'approval.requested',
      'approval.escalated',
    ])
  })

  it('happens without anybody loading the call, once, and is in the log', async () => {
    const { lelu, clock, id, records, driver, directory } = await waiting([{ escalation: steps }])
    clock.advance(30 * minute)
    const before = await driver.get(id)
    await records.due(10)
    const after = await driver.get(id)
    expect(after?.rev).toBe((before?.rev ?? 0) + 1)
    await records.due(10)
    expect((await driver.get(id))?.rev).toBe(after?.rev)
    // Another process that looks before the store has heard of it may write it again, under the same number.
    await vi.waitFor(async () => expect((await driver.get(id))?.audited).toBe(2), 30_000)
    await lelu.approvals.get(id)
    const events: unknown[] = []
    for await (const { record } of readRecords({ directory: join(directory, 'audit') })) {
      if (record.kind === 'approval.escalated') events.push(record)
    }
    expect(events).toMatchObject([{ level: 1, after_ms: 30 * minute, refs: { approval: id } }])
  })

  it('comes when it is due although nobody listens', async () => {
    const { clock, id, records, driver } = await waiting([{ escalation: steps }], {
      notices: false,
    })
    const swap = vi.spyOn(driver, 'swap')
    clock.advance(30 * minute)
    expect(await records.due(10)).toMatchObject({ records: [], altered: [], passed: 1 })
    // The database has the last word on the time.
    const step = { notBefore: clock.now() }
    expect(swap.mock.calls).toEqual([[1, expect.objectContaining({ id, rev: 2 }), step]])
    expect(await records.load(id)).toMatchObject({ level: 1, outbox: [] })
  })

  it('does not happen after the deadline: then the call has expired', async () => {
    const { lelu, clock, id } = await waiting([{ escalation: steps }], {
      approveWithinMs: 45 * minute,
    })
    clock.advance(60 * minute)
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'expired', level: 0 })
  })

  it('does not happen once the call is decided', async () => {
    const { lelu, clock, id, vote } = await waiting([{ escalation: steps }])
    await vote(bob)
    clock.advance(60 * minute)
    expect(await lelu.approvals.get(id)).toMatchObject({ level: 0, revision: 2 })
  })

  it('counts a vote that was given before for another requirement, once it is given again', async () => {
    const { lelu, clock, vote, id } = await waiting([
      { reviewers: null, groups: ['leads'] },
      { escalation: steps },
    ])
    expect(await vote(lead)).toBe('pending')
    expect(await vote(lead)).toBe('pending')
    expect((await lelu.approvals.get(id)).votes).toHaveLength(1)
    clock.advance(30 * minute)
    expect((await lelu.approvals.get(id)).state).toBe('pending') // no clock approves anything
    await expect(vote(lead, 'deny')).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
    expect(await vote(lead)).toBe('approved')
  })

  it('is no help to a standing grant: it opens this one call', async () => {
    const { lelu, clock, vote, id } = await waiting([{ escalation: steps }])
    clock.advance(30 * minute)
    await vote(lead)
    await expect(
      lelu.grants.create(id, { reviewer: lead, expiresInMs: minute, maxUses: 1 }),
    ).rejects.toMatchObject({ code: 'LELU_GRANT_REFUSED' })
  })

  it('makes a call approvable that only those of a step could approve', async () => {
    const escalation = [{ afterMs: minute, reviewers: ['erin'] }]
    const { clock, vote } = await waiting([{ reviewers: ['alice'], escalation }])
    clock.advance(minute)
    expect(await vote(person('erin'))).toBe('approved')
    const nobody = [{ afterMs: minute, reviewers: ['trader-1'] }]
    const { lelu } = await keptRecords({
      policies: asking({ reviewers: ['alice'], escalation: nobody }),
    })
    expect(await lelu.guard(trade(0.85), () => 'ran')).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'no_eligible_reviewer' }] },
    })
  })
})
