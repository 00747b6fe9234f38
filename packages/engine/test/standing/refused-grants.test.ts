import { describe, expect, it } from 'vitest'
import { approved, bob, policyOf, suspended, testEngine } from '../support.ts'

import { asking, statusOf, terms } from './support.ts'

describe('no standing grant is made', () => {
  it('from a call that nobody has approved', async () => {
    const lelu = await testEngine()
    const id = await suspended(lelu)
    await expect(lelu.grants.create(id, terms)).rejects.toMatchObject({
      code: 'LELU_GRANT_REFUSED',
    })
  })

  it.each([
    ['forbids it', { standing: false }],
    ['asks two people', { quorum: 2 }],
  ])('where the policy %s', async (_what, requirement) => {
    const lelu = await testEngine({ policies: asking(requirement) })
    const id = await suspended(lelu)
    for (const reviewer of [bob, { ...bob, id: 'carol' }]) {
      await lelu.approvals.review(id, { verdict: 'approve', reviewer }).catch(() => {})
    }
    await expect(lelu.grants.create(id, terms)).rejects.toMatchObject({
      code: 'LELU_GRANT_REFUSED',
    })
  })

  it('by one of two people whom different requirements ask for', async () => {
    const asked = { quorum: 1, reviewers: null, expiresInMs: null }
    const requirements = ['finance', 'legal'].map((id) => ({ ...asked, id, groups: [id] }))
    const reasons = [{ id: 'asked', message: 'Two people must look.' }]
    const answer = { effect: 'require_approval' as const, reasons, requirements }
    const lelu = await testEngine({ policies: policyOf(() => answer) })
    const id = await suspended(lelu)
    const [one, other] = [
      { ...bob, groups: ['finance'] },
      { ...bob, id: 'carol', groups: ['legal'] },
    ]
    for (const reviewer of [one, other]) {
      await lelu.approvals.review(id, { verdict: 'approve', reviewer })
    }
    const refused = { code: 'LELU_GRANT_REFUSED' }
    await expect(lelu.grants.create(id, { ...terms, reviewer: one })).rejects.toMatchObject(refused)
  })

  it.each(['trader-1', 'alice'])('by %s, for whom the call is made', async (name) => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    const reviewer = { ...bob, id: name }
    await expect(lelu.grants.create(id, { ...terms, reviewer })).rejects.toMatchObject({
      code: 'LELU_REVIEWER_NOT_ELIGIBLE',
    })
    expect(await statusOf(lelu)).toBe('suspended')
  })

  it.each([
    ['no end', { expiresInMs: undefined as never }],
    ['an end in more than 8 hours', { expiresInMs: 8 * 3_600_000 + 1 }],
    ['an end that is no number', { expiresInMs: Number.NaN }],
    ['no number of uses', { maxUses: undefined as never }],
    ['half a use', { maxUses: 0.5 }],
    ['too many uses', { maxUses: 1001 }],
    ['nobody', { reviewer: undefined as never }],
  ])('with %s', async (_what, more) => {
    const lelu = await testEngine()
    const id = await approved(lelu)
    await expect(lelu.grants.create(id, { ...terms, ...more })).rejects.toMatchObject({
      code: 'LELU_REVIEW_INVALID',
    })
  })

  // A name that is nowhere is the same in every input: the grant would cover them all.
  it('when the input lacks a field that the policy names', async () => {
    const lelu = await testEngine({ policies: asking({ standing: ['/symbol', '/recipient'] }) })
    await expect(lelu.grants.create(await approved(lelu), terms)).rejects.toMatchObject({
      code: 'LELU_GRANT_REFUSED',
      message: expect.stringContaining('/recipient'),
    })
  })

  it.each(['/to/length', '/to/00', '/to/-', '/to/1'])(
    'when the policy names %s of a list, which is none of its items',
    async (pointer) => {
      const lelu = await testEngine({ policies: asking({ standing: [pointer] }) })
      const id = await approved(lelu, { input: { to: ['alice@example.com'], body: 'hi' } })
      await expect(lelu.grants.create(id, terms)).rejects.toMatchObject({
        code: 'LELU_GRANT_REFUSED',
        message: expect.stringContaining(pointer),
      })
    },
  )

  it('from a call whose agent, user or tenant was revoked since', async () => {
    for (const target of [{ agent: 'trader-1' }, { user: 'alice' }, { tenant: 'default' }]) {
      const lelu = await testEngine()
      const id = await approved(lelu)
      await lelu.tokens.revoke(target as { agent: string })
      await expect(lelu.grants.create(id, terms)).rejects.toMatchObject({
        code: 'LELU_GRANT_REFUSED',
        message: expect.stringContaining('revoked'),
      })
    }
  })
})
