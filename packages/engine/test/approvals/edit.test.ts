import { describe, expect, it } from 'vitest'
import { bob, carol, overview, policyOf, suspended, testEngine } from '../support.ts'

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

  it('of the one who asked is refused like any review', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu, { schema })
    const reviewer = { id: 'alice', issuer: 'test', method: 'test' }
    const input = { symbol: 'ACME', amount: 5 }
    await expect(
      lelu.approvals.review(id, { verdict: 'approve', reviewer, input }),
    ).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
  })
})
