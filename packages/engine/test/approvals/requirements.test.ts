import { expect, it, vi } from 'vitest'
import { isDenied, requirementsMet } from '../../src/approvals/review.ts'
import type { Json, Requirement, Reviewer } from '../../src/index.ts'
import { policyOf, suspended, testEngine, trade } from '../support.ts'

const person = (id: string, ...groups: string[]): Reviewer => ({
  ...{ id, issuer: 'test', method: 'test' },
  ...(groups.length > 0 && { groups }),
})

/** An engine whose policy asks for these approvals. */
function engineThatAsks(...asked: Partial<Requirement>[]) {
  const requirements = asked.map((one, index) => ({
    ...{ id: `r${index}`, quorum: 1, reviewers: null, expiresInMs: null },
    ...one,
  }))
  const reasons = [{ id: 'asked', message: 'A person must look.' }]
  const answer = { effect: 'require_approval' as const, reasons, requirements }
  return testEngine({ policies: policyOf(() => answer) })
}

const notEligible = expect.objectContaining({ code: 'LELU_REVIEWER_NOT_ELIGIBLE' })

it('members of a group that the policy names may review, and nobody else', async () => {
  const lelu = await engineThatAsks({ groups: ['finance'], reviewers: ['dave'] })
  const id = await suspended(lelu)
  const approve = (reviewer: Reviewer) =>
    lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await expect(approve(person('bob'))).rejects.toEqual(notEligible)
  await expect(approve(person('bob', 'sales'))).rejects.toEqual(notEligible)
  await expect(approve(person('alice', 'finance'))).rejects.toEqual(notEligible) // asked herself
  expect((await approve(person('bob', 'sales', 'finance'))).state).toBe('approved')
  const other = await suspended(lelu, { id: 'call-2' })
  const named = { verdict: 'approve' as const, reviewer: person('dave') }
  expect((await lelu.approvals.review(other, named)).state).toBe('approved')
})

it('each requirement has votes of its own people', async () => {
  const lelu = await engineThatAsks({ groups: ['finance'] }, { groups: ['legal'], quorum: 2 })
  const id = await suspended(lelu)
  const votes = [
    person('bob', 'finance', 'legal'),
    person('carol', 'finance'),
    person('dave', 'legal'),
  ]
  const states: string[] = []
  for (const reviewer of votes) {
    states.push((await lelu.approvals.review(id, { verdict: 'approve', reviewer })).state)
  }
  expect(states).toEqual(['pending', 'pending', 'approved'])
})

it('a person of whom no groups are known is told that the policy asks for some', async () => {
  const lelu = await engineThatAsks({ groups: ['finance'] })
  const id = await suspended(lelu)
  const approve = (reviewer: Reviewer) =>
    lelu.approvals.review(id, { verdict: 'approve', reviewer })
  const refused = (help: unknown) => ({ code: 'LELU_REVIEWER_NOT_ELIGIBLE', help })
  const groups = refused(expect.stringContaining('It names groups'))
  await expect(approve(person('bob'))).rejects.toMatchObject(groups)
  const others = refused('Ask one of the reviewers that the policy names.')
  await expect(approve(person('bob', 'sales'))).rejects.toMatchObject(others)
})

it('the approved call is resumed with the groups of those who voted', async () => {
  const lelu = await engineThatAsks({ groups: ['finance'] })
  const id = await suspended(lelu)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer: person('bob', 'finance') })
  expect(await lelu.resume(id, () => 'done')).toMatchObject({ status: 'executed', value: 'done' })
})

it('one deny ends the call, unless the policy says that a deny is no veto', async () => {
  const strict = await engineThatAsks({ quorum: 2 })
  const first = await suspended(strict)
  await strict.approvals.review(first, { verdict: 'approve', reviewer: person('bob') })
  const vetoed = { verdict: 'deny' as const, reviewer: person('carol') }
  expect((await strict.approvals.review(first, vetoed)).state).toBe('denied')

  const lenient = await engineThatAsks({ quorum: 2, veto: false })
  const id = await suspended(lenient)
  const vote = async (verdict: 'approve' | 'deny', name: string) =>
    (await lenient.approvals.review(id, { verdict, reviewer: person(name) })).state
  expect(await vote('deny', 'bob')).toBe('pending')
  expect(await vote('approve', 'carol')).toBe('pending')
  expect(await vote('approve', 'dave')).toBe('approved')
  const other = await suspended(lenient, { id: 'call-2' })
  const deny = async (name: string) =>
    (await lenient.approvals.review(other, { verdict: 'deny', reviewer: person(name) })).state
  expect([await deny('bob'), await deny('carol')]).toEqual(['pending', 'denied'])
})

it('a deny of a requirement with a veto ends the call, whatever the others say', async () => {
  const lelu = await engineThatAsks(
    { quorum: 2, veto: false, groups: ['finance'] },
    { groups: ['legal'] },
  )
  const id = await suspended(lelu)
  const deny = async (...groups: string[]) => {
    const reviewer = person(groups.join(), ...groups)
    return (await lelu.approvals.review(id, { verdict: 'deny', reviewer })).state
  }
  expect(await deny('finance')).toBe('pending')
  expect(await deny('legal')).toBe('denied')
})

it.each([
  ['the agent is the only one', { reviewers: ['trader-1'] }],
  [
    'the user it acts for is one of two that are needed',
    { reviewers: ['alice', 'bob'], quorum: 2 },
  ],
])('a call that nobody could approve is denied at once: %s', async (_why, asked) => {
  const lelu = await engineThatAsks(asked)
  const tool = vi.fn()
  expect(await lelu.guard(trade(0.85), tool)).toMatchObject({
    status: 'denied',
    decision: { effect: 'deny', reasons: [{ id: 'no_eligible_reviewer' }] },
  })
  expect(tool).not.toHaveBeenCalled()
  expect((await lelu.approvals.list()).approvals).toEqual([])
})

it.each([[['a', '']], ['finance'], [Array.from({ length: 101 }, (_, n) => `g${n}`)]])(
  'groups that are no list of names are refused (%#)',
  async (groups) => {
    const lelu = await engineThatAsks({})
    const id = await suspended(lelu)
    const reviewer = { ...person('bob'), groups: groups as string[] }
    await expect(lelu.approvals.review(id, { verdict: 'approve', reviewer })).rejects.toMatchObject(
      {
        code: 'LELU_REVIEW_INVALID',
      },
    )
  },
)

it('a vote that is given again with a group that was proven since counts for the group, once', async () => {
  const requirements = [{ reviewers: ['ann'] }, { groups: ['security'] }, { groups: ['risk'] }]
  const lelu = await engineThatAsks(...requirements)
  const id = await suspended(lelu)
  const vote = (...groups: string[]) =>
    lelu.approvals.review(id, { verdict: 'approve', reviewer: person('ann', ...groups) })
  expect((await vote()).votes).toHaveLength(1)
  expect((await vote('security')).votes).toHaveLength(2)
  expect((await vote()).votes).toHaveLength(2)
  expect((await vote('security')).votes).toHaveLength(2)
  expect((await vote('risk')).state).toBe('approved')
})

it('a vote that is given again counts for what others have voted for already', async () => {
  const lelu = await engineThatAsks({ reviewers: ['bob'] }, { groups: ['finance'], quorum: 2 })
  const id = await suspended(lelu)
  const vote = async (reviewer: Reviewer) =>
    (await lelu.approvals.review(id, { verdict: 'approve', reviewer })).state
  expect(await vote(person('bob'))).toBe('pending')
  expect(await vote(person('carol', 'finance'))).toBe('pending')
  expect(await vote(person('bob', 'finance'))).toBe('approved')
})

it('a vote that is given again counts for what the same person has voted for before an edit', async () => {
  const lelu = await engineThatAsks({ reviewers: ['bob'] }, { groups: ['finance'], quorum: 2 })
  const id = await suspended(lelu, { schema: { type: 'object' } })
  const vote = async (reviewer: Reviewer, more: { input?: Json } = {}) =>
    (await lelu.approvals.review(id, { verdict: 'approve', reviewer, ...more })).state
  expect(await vote(person('bob', 'finance'))).toBe('pending')
  expect(await vote(person('carol', 'finance'), { input: { amount: 5 } })).toBe('pending')
  expect(await vote(person('bob'))).toBe('pending')
  expect(await vote(person('bob', 'finance'))).toBe('approved')
})

it.each([
  ['deny', 'denied'],
  ['approve', 'approved'],
] as const)(
  'one %s is enough where the policy asks for nobody in particular',
  async (verdict, state) => {
    const lelu = await engineThatAsks()
    const id = await suspended(lelu)
    expect(await lelu.approvals.review(id, { verdict, reviewer: person('bob') })).toMatchObject({
      state,
    })
  },
)

it('a vote on another input never counts, also where nobody has marked it as void', () => {
  const vote = { reviewer: person('bob'), digest: 'of what was shown', reason: null, at: 0 }
  for (const requirements of [[], [{ id: 'r', quorum: 1, reviewers: null, expiresInMs: null }]]) {
    expect(requirementsMet(requirements, [{ ...vote, verdict: 'approve' }], vote.digest)).toBe(true)
    expect(requirementsMet(requirements, [{ ...vote, verdict: 'approve' }], 'of more')).toBe(false)
    expect(isDenied(requirements, [{ ...vote, verdict: 'deny' }], vote.digest)).toBe(true)
    expect(isDenied(requirements, [{ ...vote, verdict: 'deny' }], 'of more')).toBe(false)
    expect(requirementsMet(requirements, [{ ...vote, verdict: 'deny' }], vote.digest)).toBe(false)
    expect(requirementsMet(requirements, [], vote.digest)).toBe(false)
  }
})
