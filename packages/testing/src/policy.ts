import type { Policy, PolicyAnswer, RegoInput } from '@lelu/engine'

const messages = {
  allow: 'This is allowed',
  require_approval: 'A person must look at this',
  deny: 'No rule allows this action',
}

/** An input of this amount is denied whatever the tool: for a reviewer who edits a call into what no policy allows. */
export const deniedAmount = 666

function effectOf({ action, args, confidence }: RegoInput): PolicyAnswer['effect'] {
  const { amount } = (args ?? {}) as { amount?: unknown }
  if (amount === deniedAmount) return 'deny'
  if (action === 'trade') return confidence >= 0.9 ? 'allow' : 'require_approval'
  if (action.startsWith('allowed')) return 'allow'
  return action.startsWith('reviewed') ? 'require_approval' : 'deny'
}

/** Decides by the name of the tool, and for `trade` by the confidence. */
export const suitePolicy: Policy = {
  revision: 'suite-1',
  evaluate(input) {
    const effect = effectOf(input)
    const requirement = { id: 'needs_review', quorum: 1, reviewers: null, expiresInMs: null }
    return {
      effect,
      reasons: [{ id: effect, message: messages[effect] }],
      obligations: [],
      requirements: effect === 'require_approval' ? [requirement] : [],
    }
  },
}
