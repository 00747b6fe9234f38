import { expect, it } from 'vitest'
import type { Requirement } from '../../src/index.ts'
import { policyOf, testEngine, trade } from '../support.ts'

const hour = 3_600_000

const base = { quorum: 1, expiresInMs: null }

/** Alice asked for the call; after a day bob may approve it. */
const asked = async (
  requirement: Partial<Requirement>,
  { approveWithinMs = 30 * hour, others = [] as Requirement[] } = {},
) => {
  const escalation = [{ afterMs: 24 * hour, reviewers: ['bob'] }]
  const first = { ...base, id: 'q', reviewers: ['alice'], escalation, ...requirement }
  const requirements = [first, ...others]
  const policies = policyOf(() => ({ effect: 'require_approval', requirements }))
  const lelu = await testEngine({ policies, approveWithinMs })
  return (await lelu.guard(trade(0.85), () => 'ran')).status
}

it('a call that only somebody could approve who is named after its deadline is denied at once', async () => {
  expect(await asked({})).toBe('suspended')
  expect(await asked({ expiresInMs: hour })).toBe('denied')
})

it('so is one whose deadline comes at the moment in which they are named', async () => {
  expect(await asked({}, { approveWithinMs: 24 * hour })).toBe('denied')
  expect(await asked({}, { approveWithinMs: 24 * hour + 1 })).toBe('suspended')
})

it('and one whose deadline is that of another requirement', async () => {
  const soon = { ...base, id: 'soon', reviewers: null, expiresInMs: hour }
  expect(await asked({}, { others: [soon] })).toBe('denied')
})
