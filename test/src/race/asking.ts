import type { Policy } from '@lelu/engine'

/** One person says yes to every call. */
export const asking: Policy = {
  revision: 'test',
  evaluate: () => ({
    effect: 'require_approval',
    reasons: [],
    obligations: [],
    requirements: [{ id: 'ask', quorum: 1, reviewers: null, expiresInMs: null }],
  }),
}

/** So long that a busy machine refuses nothing. */
export const storeDeadlineMs = 30_000
