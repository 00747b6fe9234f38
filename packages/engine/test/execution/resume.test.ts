import { join } from 'node:path'
import { readRecords } from '@lelu/audit/reading'
import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { createLelu } from '../../src/index.ts'
import {
  approved,
  bob,
  overview,
  policyOf,
  suspended,
  temporaryFolder,
  testClock,
  testEngine,
} from '../support.ts'

describe('resume', () => {
  it('runs an approved call once, with the stored input, and answers the kept result ever after', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const tool = vi.fn(async (call) => ({ bought: call.input.amount }))
    expect(await lelu.resume(id, tool)).toMatchObject({
      status: 'executed',
      value: { bought: 100 },
    })
    expect(await lelu.resume(id, tool)).toMatchObject({
      status: 'executed',
      value: { bought: 100 },
      replayed: true,
    })
    expect(tool).toHaveBeenCalledOnce()
    expect(await lelu.approvals.get(id)).toMatchObject({
      state: 'completed',
      attempt: { number: 1 },
      grant: null,
    })
  })

  it('does nothing while the call is pending, and after it was denied, cancelled or revoked', async () => {
    const lelu = await testEngine()
    const tool = vi.fn()
    const pending = await suspended(lelu)
    expect(await lelu.resume(pending, tool)).toMatchObject({ status: 'suspended' })
    await lelu.approvals.review(pending, { verdict: 'deny', reviewer: bob, reason: 'too much' })
    expect(await lelu.resume(pending, tool)).toMatchObject({
      status: 'denied',
      decision: {
        effect: 'deny',
        reasons: [{ id: 'reviewer_denied', message: 'A reviewer denied this call: too much' }],
      },
    })
    const cancelled = await suspended(lelu)
    await lelu.approvals.cancel(cancelled, { reason: 'the run has moved on' })
    expect(await lelu.resume(cancelled, tool)).toMatchObject({ status: 'denied' })
    const revoked = await approved(lelu)
    await lelu.tokens.revoke({ approval: revoked }, { reason: 'changed my mind', by: bob })
    expect(await lelu.resume(revoked, tool)).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'approval_revoked' }] },
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('lets one of many concurrent resumes run the tool', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const tool = vi.fn(async () => 'once')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 25 }, () => lelu.resume(id, tool)),
    )
    expect(tool).toHaveBeenCalledOnce()
    const values = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value.status] : []))
    expect(values).toContain('executed')
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        expect(['LELU_APPROVAL_EXECUTING', 'LELU_APPROVAL_STATE', 'LELU_TOKEN_REFUSED']).toContain(
          outcome.reason.code,
        )
      }
    }
  })

  it('says of an approval that nobody decided in time that it expired, not that it was denied', async () => {
    const clock = testClock()
    const lelu = await testEngine({ now: clock.now, approveWithinMs: 1000 })
    const id = await suspended(lelu)
    clock.advance(1000)
    const tool = vi.fn()
    expect(await lelu.resume(id, tool)).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'approval_expired' }] },
      approval: { state: 'expired' },
    })
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob }),
    ).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
      details: { state: 'expired' },
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('does not run what was approved but resumed too late', async () => {
    const clock = testClock()
    const lelu = await testEngine({ now: clock.now, executeWithinMs: 1000 })
    const id = await approved(lelu)
    clock.advance(1000)
    const tool = vi.fn()
    expect(await lelu.resume(id, tool)).toMatchObject({
      status: 'denied',
      approval: { state: 'expired' },
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('decides again under the policy of today: what it denies now is revoked, not run', async () => {
    let strict = false
    const policies = policyOf((input) =>
      strict
        ? { effect: 'deny', reasons: [{ id: 'frozen', message: 'Trading is frozen.' }] }
        : overview.evaluate(input),
    )
    const lelu = await testEngine({ policies })
    const id = await approved(lelu)
    strict = true
    const tool = vi.fn()
    expect(await lelu.resume(id, tool)).toMatchObject({
      status: 'denied',
      decision: { effect: 'deny', reasons: [{ id: 'policy_changed' }] },
    })
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'revoked' })
    strict = false
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'denied' })
    expect(tool).not.toHaveBeenCalled()
  })

  it('does not run on one vote when the policy of today asks for two', async () => {
    let quorum = 1
    const policies = policyOf(() => ({
      effect: 'require_approval',
      requirements: [{ id: 'q', quorum, reviewers: null, expiresInMs: null }],
    }))
    const lelu = await testEngine({ policies })
    const id = await approved(lelu)
    quorum = 2
    const tool = vi.fn()
    expect(await lelu.resume(id, tool)).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'policy_changed' }] },
    })
    expect(tool).not.toHaveBeenCalled()
  })

  it('records a failing tool as failed, passes its error on, and never runs it again', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const tool = vi.fn(async () => {
      throw new Error('exchange closed')
    })
    await expect(lelu.resume(id, tool)).rejects.toThrow('exchange closed')
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_FAILED' })
    expect(tool).toHaveBeenCalledOnce()
  })

  it('calls a run that was aborted unknown, not failed: it may still be at work', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const tool = vi.fn(() => Promise.reject(new DOMException('stopped', 'AbortError')))
    await expect(lelu.resume(id, tool)).rejects.toThrow('stopped')
    expect(await lelu.approvals.get(id)).toMatchObject({
      state: 'unknown',
      reason: { id: 'attempt_aborted' },
    })
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_UNKNOWN' })
    expect(tool).toHaveBeenCalledOnce()
  })

  it('does not keep a result that is too large, and says so instead of running again', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const tool = vi.fn(() => 'x'.repeat(100_000))
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'executed' })
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
      details: { state: 'completed' },
    })
    expect(tool).toHaveBeenCalledOnce()
  })

  it('refuses an agent or tenant that is not the one of the call', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const tool = vi.fn()
    await expect(lelu.resume(id, tool, { agent: 'trader-2' })).rejects.toMatchObject({
      details: { reason: 'token_subject' },
    })
    await expect(lelu.resume(id, tool, { tenant: 'other' })).rejects.toMatchObject({
      code: 'LELU_APPROVAL_NOT_FOUND',
    })
    expect(tool).not.toHaveBeenCalled()
    expect(await lelu.resume(id, () => 1, { agent: 'trader-1', tenant: 'default' })).toMatchObject({
      status: 'executed',
    })
    // Nor is the kept result another agent's.
    await expect(lelu.resume(id, tool, { agent: 'trader-2' })).rejects.toMatchObject({
      details: { reason: 'token_subject' },
    })
  })

  it('gives the tool an idempotency key that stays the same', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    let key = ''
    await lelu.resume(id, (_call, run) => {
      key = run.idempotencyKey
    })
    expect(key).toBe(id)
  })

  it('says that an id is not known', async () => {
    const lelu = await testEngine()
    await expect(lelu.resume('apr_nothing', vi.fn())).rejects.toMatchObject({
      code: 'LELU_APPROVAL_NOT_FOUND',
    })
  })
})

describe('the story of a call in the log', () => {
  // A hint that came later than the next read once made every mint stand in the log twice.
  it.each(['memory', 'sqlite'])('has every event once, over %s', async (kind) => {
    const directory = temporaryFolder()
    const store = kind === 'memory' ? { store: new Keyv() } : {}
    const lelu = await createLelu({ directory, policies: overview, ...store })
    await lelu.resume(await approved(lelu), () => 'ran')
    await lelu.close()
    const kinds: string[] = []
    for await (const { record } of readRecords({ directory: join(directory, 'audit') })) {
      kinds.push(record.kind)
    }
    expect(kinds).toEqual([
      ...['genesis', 'policy.loaded', 'decision', 'approval.requested', 'approval.decided'],
      ...['decision', 'token.minted', 'token.redeemed', 'outcome', 'close'],
    ])
  })
})
