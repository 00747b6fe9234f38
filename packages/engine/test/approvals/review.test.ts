import { describe, expect, it, vi } from 'vitest'
import { openReviewDesk } from '../../src/index.ts'
import {
  approved,
  bob,
  carol,
  policyOf,
  suspended,
  temporaryFolder,
  testClock,
  testEngine,
} from '../support.ts'

const quorumOf = (quorum: number, reviewers: string[] | null = null) =>
  policyOf(() => ({
    effect: 'require_approval',
    requirements: [{ id: 'q', quorum, reviewers, expiresInMs: null }],
  }))

it('many may wait for one review, and no warning takes them for a leak', async () => {
  const lelu = await testEngine()
  const id = await suspended(lelu)
  const warned = vi.fn()
  process.on('warning', warned)
  const waiting = Array.from({ length: 11 }, () => lelu.approvals.wait(id, { timeoutMs: 5000 }))
  await new Promise((next) => setTimeout(next, 20))
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
  const seen = await Promise.all(waiting)
  process.off('warning', warned)
  expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(['approved']))
  expect(warned).not.toHaveBeenCalled()
})

describe('a review', () => {
  it('shows the whole input with its digest and who approved what', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const approval = await lelu.approvals.get(id)
    expect(approval).toMatchObject({
      state: 'approved',
      request: { call: { input: { symbol: 'ACME', amount: 100 } } },
      votes: [{ reviewer: bob, verdict: 'approve', digest: approval.digest }],
    })
    expect(approval).not.toHaveProperty('events')
  })

  it.each([
    ['the agent', { id: 'trader-1', issuer: 'test', method: 'test' }],
    ['whom the agent acts for', { id: 'alice', issuer: 'test', method: 'test' }],
  ])('is refused from %s', async (_who, reviewer) => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    await expect(lelu.approvals.review(id, { verdict: 'approve', reviewer })).rejects.toMatchObject(
      { code: 'LELU_REVIEWER_NOT_ELIGIBLE' },
    )
    expect((await lelu.approvals.get(id)).state).toBe('pending')
  })

  it.each([
    ...[undefined, null, {}, 'bob', { id: 'bob' }, { id: '', issuer: 'x', method: 'y' }],
    ...[
      { id: 'bob', issuer: 'x' },
      { id: 'bob', method: 'y' },
    ],
    ...[' ', '\u200b', 'bo\nb', 'b\ud800b'].map((id) => ({ id, issuer: 'x', method: 'y' })),
  ])('is refused without a whole identity (%j)', async (reviewer) => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer } as never),
    ).rejects.toMatchObject({ code: 'LELU_REVIEW_INVALID' })
  })

  it.each(['', '  ', '\n'])(
    'with the reason %j has none, and no model reads half a sentence',
    async (reason) => {
      const lelu = await testEngine()
      const id = await suspended(lelu)
      const denied = await lelu.approvals.review(id, { verdict: 'deny', reviewer: bob, reason })
      expect(denied.reason?.message).toBe('A reviewer denied this call')
      expect(denied.votes).toMatchObject([{ reason: null }])
    },
  )

  it('is refused with a verdict that is neither of the two words', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    await expect(
      lelu.approvals.review(id, { verdict: 'yes', reviewer: bob } as never),
    ).rejects.toMatchObject({ code: 'LELU_REVIEW_INVALID' })
  })

  it('needs as many distinct people as the policy says, and counts nobody twice', async () => {
    const lelu = await testEngine({ policies: quorumOf(2) })
    const id = await suspended(lelu)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    expect(await lelu.approvals.get(id)).toMatchObject({
      state: 'pending',
      votes: [{ reviewer: bob }],
    })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: carol })
    expect(await lelu.approvals.get(id)).toMatchObject({
      state: 'approved',
      votes: [{ reviewer: bob }, { reviewer: carol }],
    })
  })

  it('counts only the reviewers that the policy names', async () => {
    const lelu = await testEngine({ policies: quorumOf(1, ['carol']) })
    const id = await suspended(lelu)
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob }),
    ).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
    expect(await lelu.approvals.review(id, { verdict: 'approve', reviewer: carol })).toMatchObject({
      state: 'approved',
    })
  })

  it('loses no vote of ten people who vote at once', async () => {
    const lelu = await testEngine({ policies: quorumOf(10) })
    const id = await suspended(lelu)
    const people = Array.from({ length: 10 }, (_, n) => ({
      id: `reviewer-${n}`,
      issuer: 'test',
      method: 'test',
    }))
    await Promise.all(
      people.map((reviewer) => lelu.approvals.review(id, { verdict: 'approve', reviewer })),
    )
    expect(await lelu.approvals.get(id)).toMatchObject({ state: 'approved' })
    expect((await lelu.approvals.get(id)).votes).toHaveLength(10)
  })

  it('ends the call with one deny, whatever the others said', async () => {
    const lelu = await testEngine({ policies: quorumOf(2) })
    const id = await suspended(lelu)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    expect(await lelu.approvals.review(id, { verdict: 'deny', reviewer: carol })).toMatchObject({
      state: 'denied',
    })
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob }),
    ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  })

  it('cannot be taken back by another verdict of the same person', async () => {
    const lelu = await testEngine({ policies: quorumOf(2) })
    const id = await suspended(lelu)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    await expect(
      lelu.approvals.review(id, { verdict: 'deny', reviewer: bob }),
    ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  })

  it('said twice is the same answer twice; another verdict after the end is an error that names the state', async () => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    expect(await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })).toMatchObject({
      state: 'approved',
    })
    await expect(
      lelu.approvals.review(id, { verdict: 'deny', reviewer: bob }),
    ).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
      details: { state: 'approved' },
    })
    const other = await suspended(lelu, { id: 'call-2' })
    const deny = () => lelu.approvals.review(other, { verdict: 'deny', reviewer: bob })
    expect([(await deny()).state, (await deny()).state]).toEqual(['denied', 'denied'])
  })

  it('of an approve and a deny at the same moment lets exactly one stand', async () => {
    const lelu = await testEngine()
    for (let round = 0; round < 20; round += 1) {
      const id = await suspended(lelu)
      const both = await Promise.allSettled([
        lelu.approvals.review(id, { verdict: 'approve', reviewer: bob }),
        lelu.approvals.review(id, { verdict: 'deny', reviewer: carol }),
      ])
      expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  it('is refused when the input it is about is not the stored one', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, digest: 'another' }),
    ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
    const { digest } = await lelu.approvals.get(id)
    const reviewed = lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, digest })
    expect(await reviewed).toMatchObject({ state: 'approved' })
  })
})

describe('wait', () => {
  it('answers at once when it is decided, and at its end when it is not', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    expect(await lelu.approvals.wait(id, { timeoutMs: 10 })).toMatchObject({ state: 'pending' })
    const waiting = lelu.approvals.wait(id, { timeoutMs: 20_000 })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    expect(await waiting).toMatchObject({ state: 'approved' })
  })

  it('stops when it is aborted', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    const controller = new AbortController()
    const waiting = lelu.approvals.wait(id, { signal: controller.signal })
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('the queue', () => {
  it('lists what is pending, without what was decided or has expired meanwhile', async () => {
    const clock = testClock()
    const lelu = await testEngine({ now: clock.now, approveWithinMs: 1000 })
    const first = await suspended(lelu)
    clock.advance(600)
    const second = await suspended(lelu)
    const third = await approved(lelu)
    const ids = async (state: 'pending' | 'approved' | 'expired') =>
      (await lelu.approvals.list({ state })).approvals.map(({ id }) => id)
    expect(await ids('pending')).toEqual([first, second])
    clock.advance(600)
    expect(await ids('pending')).toEqual([second])
    expect(await ids('approved')).toEqual([third])
    expect(await ids('expired')).toEqual([first])
  })

  it('goes on from page to page', async () => {
    const lelu = await testEngine()
    const made: string[] = []
    for (let n = 0; n < 5; n += 1) made.push(await suspended(lelu))
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await lelu.approvals.list({ limit: 2, ...(after && { after }) })
      seen.push(...page.approvals.map(({ id }) => id))
      after = page.next ?? undefined
    } while (after !== undefined)
    expect(seen).toEqual(made)
  })

  it('cancels once and refuses to cancel what has run', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    expect(await lelu.approvals.cancel(id, { reason: 'moved on', by: bob })).toMatchObject({
      state: 'cancelled',
    })
    expect(await lelu.approvals.cancel(id)).toMatchObject({ state: 'cancelled' })
    const done = await approved(lelu)
    await lelu.resume(done, vi.fn())
    await expect(lelu.approvals.cancel(done)).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  })
})

it('the engine that suspended a call says how long it may be resumed, whoever approves it', async () => {
  const directory = temporaryFolder()
  const now = () => 1_800_000_000_000
  const options = { directory, store: undefined as never, executeWithinMs: 60_000, now }
  const lelu = await testEngine(options)
  const id = await suspended(lelu)
  const desk = await openReviewDesk({ directory, now })
  const { executeBy } = await desk.approvals.review(id, { verdict: 'approve', reviewer: bob })
  await desk.close()
  expect(executeBy).toBe(now() + 60_000)
})
