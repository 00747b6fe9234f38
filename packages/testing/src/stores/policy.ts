import type { Policy, RegoInput, Requirement } from '@lelu/engine'

/** An input of this amount is denied, by every policy of the suite. */
export const forbiddenAmount = 666

/** The strict policy denies more than this, and asks two people about more than half of it. */
export const strictLimit = 100

function requirementOf({ args }: RegoInput, strict: boolean): Requirement {
  const {
    amount = 1,
    quorum = 1,
    expiresInMs = null,
  } = args as {
    amount?: number
    quorum?: number
    expiresInMs?: number
  }
  const people = strict && amount > strictLimit / 2 ? Math.max(quorum, 2) : quorum
  return { id: 'needs_review', quorum: people, reviewers: null, expiresInMs }
}

/** Every call needs a review; the input of the call says whose and how soon. */
export function storePolicy(strict: boolean): Policy {
  return {
    revision: strict ? 'strict' : 'loose',
    evaluate(input) {
      const { amount = 1 } = input.args as { amount?: number }
      const denied = amount === forbiddenAmount || (strict && amount > strictLimit)
      const effect = denied ? 'deny' : 'require_approval'
      return {
        effect,
        reasons: [{ id: effect, message: denied ? 'Too much.' : 'A person must look at this.' }],
        obligations: [],
        requirements: denied ? [] : [requirementOf(input, strict)],
      }
    },
  }
}
