import type { Outcome } from './execution/outcome.ts'

/**
 * What the model reads when its call did not run: the same words in every adapter.
 * Reasons are the policy's and the reviewer's own messages; rule internals and names of reviewers stay out.
 */
export function refusal(outcome: Exclude<Outcome<unknown>, { status: 'executed' }>): string {
  const why = outcome.decision.reasons.map(({ message }) => message.replace(/\.$/, '')).join('; ')
  if (outcome.status === 'suspended') {
    return `Waiting for a person to approve this call (approval ${outcome.approval.id}). It has not run. Do not call it again; it goes on by itself when it is approved.`
  }
  const byPolicy = outcome.approval === undefined
  return byPolicy
    ? `Denied by policy: ${why}. The call did not run.`
    : `Not run: ${why}. Do not retry the same call.`
}
