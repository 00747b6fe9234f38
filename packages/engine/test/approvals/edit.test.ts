import { describe, expect, it } from 'vitest'
import { bob, carol, overview, policyOf, suspended, testClock, testEngine } from '../support.ts'

const schema = {
  type: 'object',
  properties: { symbol: { type: 'string' }, amount: { type: 'number', maximum: 1000 } },
  required: ['symbol', 'amount'],
  additionalProperties: false,
}

const quorumOf = (quorum: number, reviewers: string[] | null = null) =>
  policyOf(() => ({
    effect: 'require_approval',
    requirements: [{ id: 'q', quorum, reviewers, expiresInMs: null }],
  }))

describe('an edit', () => {
  it('runs what the reviewer made of the input, and voids earlier votes', async () => {
    const lelu = await testEngine({ policies: quorumOf(2) })
    const id = await suspended(lelu, { schema })
    const before = await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    const input = { symbol: 'ACME', amount: 50 }
    const edited = await lelu.approvals.review(id, { verdict: 'approve', reviewer: carol, input })
    expect(edited).toMatchObject({
      state: 'pending',
      edits: [
        {
          from: before.digest,
          reviewer: carol,
          changes: [{ path: '/amount', from: 100, to: 50 }],
        },
      ],
    })
    expect(edited.digest).not.toBe(before.digest)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    const seen: unknown[] = []
    await lelu.resume(id, (call) => seen.push(call.input))
    expect(seen).toEqual([input])
  })

  it('is decided anew: a reviewer cannot lift what the policy denies', async () => {
    const policies = policyOf((input) => {
      const { amount } = input.args as { amount: number }
      return amount > 500
        ? { effect: 'deny', reasons: [{ id: 'limit', message: 'Over the limit.' }] }
        : overview.evaluate(input)
    })
    const lelu = await testEngine({ policies })
    const id = await suspended(lelu, { schema })
    await expect(
      lelu.approvals.review(id, {
        verdict: 'approve',
        reviewer: bob,
        input: { symbol: 'ACME', amount: 501 },
      }),
    ).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED', details: { reasons: [{ id: 'limit' }] } })
    expect(await lelu.approvals.get(id)).toMatchObject({
      state: 'pending',
      request: { call: { input: { amount: 100 } } },
    })
  })

  it('must fit the schema of the tool, and is refused when there is none', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu, { schema })
    const edit = (input: never) =>
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input })
    await expect(edit({ symbol: 'ACME', amount: '5' } as never)).rejects.toMatchObject({
      code: 'LELU_EDIT_REFUSED',
      details: { places: expect.anything() },
    })
    await expect(edit({ symbol: 'ACME', amount: 5, to: 'me' } as never)).rejects.toMatchObject({
      code: 'LELU_EDIT_REFUSED',
    })
    const bare = await suspended(lelu)
    await expect(
      lelu.approvals.review(bare, {
        verdict: 'approve',
        reviewer: bob,
        input: { symbol: 'ACME', amount: 5 },
      }),
    ).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
  })

  it('can be made twenty times, for each keeps what it changed', async () => {
    const lelu = await testEngine({ policies: quorumOf(2) })
    const id = await suspended(lelu, { schema })
    const edit = (amount: number) =>
      lelu.approvals.review(id, {
        ...{ verdict: 'approve' as const, reviewer: bob, input: { symbol: 'ACME', amount } },
      })
    for (let amount = 1; amount <= 20; amount += 1) await edit(amount)
    await expect(edit(21)).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
    const { request, edits } = await lelu.approvals.get(id)
    expect(request.call.input).toEqual({ symbol: 'ACME', amount: 20 })
    expect(edits).toHaveLength(20)
  })

  it('of the one who asked is refused like any review', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu, { schema })
    const reviewer = { id: 'alice', issuer: 'test', method: 'test' }
    const input = { symbol: 'ACME', amount: 5 }
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer, input }),
    ).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
  })

  it('of an input that is another by now is refused before the policy is asked', async () => {
    const asked: unknown[] = []
    const policies = policyOf((input) => {
      asked.push(input.args)
      return overview.evaluate(input)
    })
    const lelu = await testEngine({ policies })
    const id = await suspended(lelu, { schema })
    const input = { symbol: 'ACME', amount: 5 }
    const review = { verdict: 'approve' as const, reviewer: bob, input, digest: 'of another input' }
    await expect(lelu.approvals.review(id, review)).rejects.toMatchObject({
      code: 'LELU_APPROVAL_STATE',
    })
    expect(asked).toHaveLength(1)
    expect((await lelu.approvals.get(id)).edits).toEqual([])
  })
})

describe('an edited input', () => {
  const changed = { symbol: 'ACME', amount: 50 }
  const original = { symbol: 'ACME', amount: 100 }

  it('has the deadline of what it is now, when that is earlier', async () => {
    const policies = policyOf((input) => {
      const { amount } = input.args as { amount: number }
      const expiresInMs = amount < 100 ? 60_000 : null
      const requirement = { id: 'q', quorum: 2, reviewers: null, expiresInMs }
      return { effect: 'require_approval', requirements: [requirement] }
    })
    const clock = testClock()
    const lelu = await testEngine({ policies, now: clock.now })
    const id = await suspended(lelu, { schema })
    clock.advance(1000)
    const edit = { verdict: 'approve' as const, reviewer: bob }
    const shorter = await lelu.approvals.review(id, { ...edit, input: changed })
    expect(shorter.approveBy).toBe(clock.now() + 60_000)
    const back = await lelu.approvals.review(id, { ...edit, reviewer: carol, input: original })
    expect(back.approveBy).toBe(shorter.approveBy)
  })

  it('takes no vote back that was void, when it is edited back', async () => {
    const lelu = await testEngine({ policies: quorumOf(2) })
    const id = await suspended(lelu, { schema })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    const edit = { verdict: 'approve' as const, reviewer: carol }
    await lelu.approvals.review(id, { ...edit, input: changed })
    const back = await lelu.approvals.review(id, { ...edit, input: original })
    expect(back).toMatchObject({ state: 'pending', votes: [{ void: true }, { void: true }, {}] })
    const done = await lelu.approvals.review(id, { verdict: 'approve', reviewer: bob })
    expect(done.state).toBe('approved')
  })

  it('that is sent twice is one edit', async () => {
    const lelu = await testEngine({ policies: quorumOf(2) })
    const id = await suspended(lelu, { schema })
    const edit = { verdict: 'approve' as const, reviewer: carol, input: changed }
    const first = await lelu.approvals.review(id, edit)
    expect(await lelu.approvals.review(id, edit)).toEqual(first)
  })

  it.each<[string, object, unknown]>([
    ['a reference that leads nowhere', { $ref: '#/$defs/none' }, changed],
    ['a pattern that is none', { properties: { symbol: { pattern: '(' } } }, changed],
    [
      'a pattern that would take years, as an MCP server may write one',
      { properties: { symbol: { pattern: '^(A+)+$' } } },
      { ...changed, symbol: `${'A'.repeat(29)}!` }, // 40 seconds without a limit: long enough to see, and it ends
    ],
  ])('is refused with a code when the schema has %s', async (_what, broken, input) => {
    const lelu = await testEngine()
    const id = await suspended(lelu, { schema: broken as never })
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input: input as never }),
    ).rejects.toMatchObject({
      code: 'LELU_EDIT_REFUSED',
      message: expect.stringContaining('the schema of the tool cannot be applied'),
    })
    expect((await lelu.approvals.get(id)).state).toBe('pending')
  })

  it.each<[string, object, unknown]>([
    [
      'a pattern with an escape that nobody needs',
      { properties: { symbol: { pattern: '^[A-Z]+\\-\\d$' } } },
      { symbol: 'ACME-1', amount: 5 },
    ],
    [
      'a bound as draft-04 writes it',
      {
        $schema: 'http://json-schema.org/draft-04/schema#',
        properties: { amount: { maximum: 100, exclusiveMaximum: true } },
      },
      { symbol: 'ACME', amount: 99 },
    ],
  ])('is held against a schema with %s', async (_what, written, input) => {
    const lelu = await testEngine()
    const id = await suspended(lelu, { schema: written as never })
    const edit = (to: unknown) =>
      lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input: to as never })
    await expect(edit({ symbol: 'ACME', amount: 100, note: 1 })).rejects.toMatchObject({
      details: { places: expect.anything() },
    })
    expect(await edit(input)).toMatchObject({ state: 'approved', request: { call: { input } } })
  })

  it('that is no JSON is refused with a code', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu, { schema: { properties: { self: { $ref: '#' } } } })
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    for (const input of [cyclic, { amount: 5n }, { amount: () => 5 }]) {
      await expect(
        lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input: input as never }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^LELU_/) })
    }
  })
})

it('an edit whose check ends after the deadline approves nothing', async () => {
  const clock = testClock()
  let slowMs = 0
  const requirements = [{ id: 'q', quorum: 1, reviewers: null, expiresInMs: null }]
  const policies = policyOf(() => {
    clock.advance(slowMs)
    return { effect: 'require_approval', requirements }
  })
  const lelu = await testEngine({ policies, now: clock.now, approveWithinMs: 1000 })
  const id = await suspended(lelu, { schema })
  slowMs = 2000
  const input = { symbol: 'ACME', amount: 1 }
  await expect(
    lelu.approvals.review(id, { verdict: 'approve', reviewer: bob, input }),
  ).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  expect((await lelu.approvals.get(id)).state).toBe('expired')
})
