import { expect, it } from 'vitest'
import type { Requirement } from '../../src/index.ts'
import { policyOf, testEngine, trade } from '../support.ts'

const hour = 3_600_000

const asked = async (requirement: Partial<Requirement>) => {
  const requirements = [
    {
      ...{ id: 'q', quorum: 1, reviewers: ['alice'], expiresInMs: null },
      escalation: [{ afterMs: 24 * hour, reviewers: ['bob'] }],
      ...requirement,
    },
  ]
  const policies = policyOf(() => ({ effect: 'require_approval', requirements }))
  const lelu = await testEngine({ policies, approveWithinMs: 30 * hour })
  return (await lelu.guard(trade(0.85), () => 'ran')).status
}

it('a call that only somebody could approve who is named after its deadline is denied at once', async () => {
  expect(await asked({})).toBe('suspended')
  expect(await asked({ expiresInMs: hour })).toBe('denied')
})
