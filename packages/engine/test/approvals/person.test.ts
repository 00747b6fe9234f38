import { describe, expect, it } from 'vitest'
import { requirementsMet } from '../../src/approvals/review.ts'
import { personOf } from '../../src/approvals/reviewer.ts'
import type { Reviewer } from '../../src/index.ts'
import { policyOf, suspended, testEngine, trade } from '../support.ts'

const named = (id: string, issuer = 'os:host-a'): Reviewer => ({ id, issuer, method: 'os-user' })

const engineOf = (quorum: number, reviewers: string[] | null) =>
  testEngine({
    policies: policyOf(() => ({
      effect: 'require_approval',
      requirements: [{ id: 'q', quorum, reviewers, expiresInMs: null }],
    })),
  })

it('votes that one person gave twice, however they came into the record, are one', () => {
  const requirement = { id: 'q', quorum: 2, reviewers: null, expiresInMs: null }
  const votesOf = (...reviewers: Reviewer[]) =>
    reviewers.map((reviewer) => ({
      ...{ reviewer, verdict: 'approve' as const, digest: 'd', reason: null, at: 0 },
    }))
  const [here, there] = [named('bob', 'os:host-a'), named('bob', 'os:host-b')]
  expect(requirementsMet([requirement], votesOf(here, there), 'd')).toBe(false)
  expect(requirementsMet([requirement], votesOf(here, named('carol')), 'd')).toBe(true)
})

it.each([
  ['what cannot be seen is between a letter and its accent', 'rené', 'rene\u200b\u0301'],
  ['a letter has two small forms', 'ΟΔΟΣ', 'οδοσ'],
])('two spellings are one person when %s', (_what, one, other) => {
  expect(personOf(one)).toBe(personOf(other))
})

describe('one person', () => {
  // The CLI vouches for the users of its host, and every container has a host name of its own.
  it.each([
    ['another host vouches', named('bob', 'os:host-b')],
    ['another login vouches', { id: 'bob', issuer: 'https://idp.example', method: 'oidc' }],
    ['the case is another', named('Bob')],
    ['blanks are around it', named(' bob ')],
    ['something unseen is in it', named('b\u200bob')],
    ['the letters are wide', named('\uff42ob')],
    ['a variation selector is in it', named('bob\ufe0f')],
    ['a filler is in it', named('bo\u3164b')],
    ['an empty pattern of dots is in it', named('bob\u2800')],
  ])('has one vote, also when %s', async (_what, again) => {
    const lelu = await engineOf(2, null)
    const id = await suspended(lelu)
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: named('bob') })
    const second = await lelu.approvals.review(id, { verdict: 'approve', reviewer: again })
    expect(second).toMatchObject({ state: 'pending', votes: [{ reviewer: named('bob') }] })
  })

  it('of two who are named is not both of them', async () => {
    const lelu = await engineOf(2, ['bob', 'carol'])
    const id = await suspended(lelu)
    for (const issuer of ['os:host-a', 'os:host-b'])
      await lelu.approvals.review(id, { verdict: 'approve', reviewer: named('bob', issuer) })
    expect((await lelu.approvals.get(id)).state).toBe('pending')
    await lelu.approvals.review(id, { verdict: 'approve', reviewer: named('carol') })
    expect((await lelu.approvals.get(id)).state).toBe('approved')
  })

  it.each(['Alice', 'alice ', 'ALICE', 'alice\u200b', 'Trader-1'])(
    'does not review a call of their own as %j',
    async (id) => {
      const lelu = await testEngine()
      const approval = await suspended(lelu)
      await expect(
        lelu.approvals.review(approval, { verdict: 'approve', reviewer: named(id) }),
      ).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
    },
  )

  it('who is the only one named, and asks for the call, leaves nobody to approve it', async () => {
    const lelu = await engineOf(1, ['Alice'])
    const outcome = await lelu.guard(trade(0.85), () => 'ran')
    expect(outcome).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'no_eligible_reviewer' }] },
    })
  })
})

it.each(['J.STRAUSS', 'J.STRAUẞ', 'j.strauß'])(
  '%j is j.strauß, and does not approve their own call',
  async (id) => {
    const lelu = await testEngine()
    const actingFor = { id: 'j.strauß', type: 'user' as const }
    const call = await suspended(
      lelu,
      {},
      { subject: { id: 'trader-1', type: 'agent', actingFor } },
    )
    await expect(
      lelu.approvals.review(call, { verdict: 'approve', reviewer: named(id) }),
    ).rejects.toMatchObject({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })
  },
)

it.each(['\u0390', '\u03b0', '\u1fe4'])('%j is the same person whole or in parts', (letter) => {
  expect(personOf(letter.normalize('NFD'))).toBe(personOf(letter))
  expect(personOf(letter.toUpperCase())).toBe(personOf(letter))
})

it('a control character is in no name: six bytes each in a record, they would not fit the log', async () => {
  const lelu = await testEngine()
  const id = await suspended(lelu)
  const reviewer = { ...named('bob'), groups: ['a\u0001'] }
  await expect(lelu.approvals.review(id, { verdict: 'approve', reviewer })).rejects.toMatchObject({
    code: 'LELU_REVIEW_INVALID',
  })
})
