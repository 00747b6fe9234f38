import type { Policy, PolicyAnswer, RegoInput } from '@lelu/engine'

const reasons = {
  allow: { id: 'allowed', message: 'This is allowed' },
  require_approval: { id: 'needs_review', message: 'A person must look at this' },
  deny: { id: 'no_rule_allowed', message: 'No rule allows this action' },
}

function effectOf({ action, confidence }: RegoInput): PolicyAnswer['effect'] {
  if (action === 'trade') return confidence >= 0.9 ? 'allow' : 'require_approval'
  if (action.startsWith('allowed')) return 'allow'
  return action.startsWith('reviewed') ? 'require_approval' : 'deny'
}

/** Decides by the name of the tool, and for `trade` by the confidence. */
export const testPolicy: Policy = {
  revision: 'test-1',
  evaluate(input) {
    const effect = effectOf(input)
    const requirement = { id: 'needs_review', quorum: 1, reviewers: null, expiresInMs: null }
    const requirements = effect === 'require_approval' ? [requirement] : []
    return { effect, reasons: [reasons[effect]], obligations: [], requirements }
  },
}
