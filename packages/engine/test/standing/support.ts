import type { Lelu, LeluOptions, Requirement } from '../../src/index.ts'
import { bob, policyOf, trade } from '../support.ts'

export const terms = { reviewer: bob, expiresInMs: 3_600_000, maxUses: 3 }
let calls = 0
/** The next call of the agent, under an id of its own. */
export function asked(input: object = { symbol: 'ACME', amount: 100 }, more = {}) {
  calls += 1
  const call = { id: `next-${calls}`, input: input as never, ...more }
  return trade(0.85, call, { run: 'run-1' })
}

/** A policy that asks one person, in this way. */
export function asking(requirement: Partial<Requirement> = {}): LeluOptions['policies'] {
  const all = { id: 'r', quorum: 1, reviewers: null, expiresInMs: null, ...requirement }
  const reasons = [{ id: 'asked', message: 'A person must look.' }]
  return policyOf(() => ({ effect: 'require_approval', reasons, requirements: [all] }))
}

export const statusOf = async (lelu: Lelu, request = asked()) =>
  (await lelu.guard(request, () => 'ran')).status
