import type { Outcome } from './execution/outcome.ts'

const next = {
  suspend: 'Do not call it again; it goes on by itself when it is approved.',
  wait: 'Do not call it again; it goes on by itself when it is approved.',
  'tell-model': 'To learn what became of it, call it again later with exactly the same input.',
  // This answer ends the call where it was asked, so nothing goes on by itself.
  closed: 'Do not call it again.',
}

/** What the model reads of a call that waits for a person, and what becomes of it then. */
export function pendingText({ id }: { id: string }, how: keyof typeof next): string {
  return `Waiting for a person to approve this call (approval ${id}). It has not run. ${next[how]}`
}

/** What the model reads of an approved or waiting call that does not run after all. */
export function notRunText(why: string): string {
  return `Not run: ${why.replace(/\.$/, '')}. Do not retry the same call.`
}

/**
 * What the model reads when its call did not run: the same words in every adapter.
 * Reasons are the policy's and the reviewer's own messages; rule internals and names of reviewers stay out.
 */
export function refusal(outcome: Exclude<Outcome<unknown>, { status: 'executed' }>): string {
  const why = outcome.decision.reasons.map(({ message }) => message.replace(/\.$/, '')).join('; ')
  if (outcome.status === 'suspended') return pendingText(outcome.approval, 'suspend')
  const byPolicy = outcome.approval === undefined
  return byPolicy ? `Denied by policy: ${why}. The call did not run.` : notRunText(why)
}
