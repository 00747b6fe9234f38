import type { Lelu, Reviewer } from '@lelu/engine'

/** What a reviewers' page does with a call that waits. `reviewer` is whom the host has authenticated. */
export async function approveForAnHour(lelu: Lelu, id: string, reviewer: Reviewer) {
  const approval = await lelu.approvals.get(id)
  // The digest says which input was looked at: a vote for another one is refused.
  const { digest } = approval
  const voted = await lelu.approvals.review(id, { verdict: 'approve', reviewer, digest })
  if (voted.state !== 'approved') return voted // more people are needed
  // Calls like this one run without asking, five times within the hour.
  await lelu.grants.create(id, { reviewer, maxUses: 5, expiresInMs: 3_600_000 })
  return voted
}

/** What an operator does when an agent goes wrong. */
export async function takeBack(lelu: Lelu, agent: string, by: Reviewer) {
  // Until `start` nothing of it is allowed, and nothing that was approved runs.
  await lelu.killSwitch.stop({ agent }, { by, reason: 'it sells everything' })
  // All that was approved or granted for it up to now is void for good.
  await lelu.tokens.revoke({ agent }, { by, reason: 'it sells everything' })
}
