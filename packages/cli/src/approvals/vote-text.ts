import type { Approval } from '@lelu/engine'

/** The votes that are of that word and count: for the input as it is, and not from before an edit. */
const given = ({ votes, digest }: Approval, verdict: 'approve' | 'deny'): number =>
  votes.filter((one) => one.verdict === verdict && one.digest === digest && one.void !== true)
    .length

/** What an approval came to by a yes. */
export function approvedText(approval: Approval): string {
  const { id, state, requirements, digest } = approval
  if (state === 'approved')
    return `Approved ${id}. The agent can go on; the input is the one with digest ${digest}.`
  if (state !== 'pending')
    return `${id} was approved already and is ${state}; nothing is changed. Its input is the one with digest ${digest}.`
  const counted = given(approval, 'approve')
  const needed = Math.max(...requirements.map(({ quorum }) => quorum), counted + 1)
  return `Your vote for ${id} is recorded: ${counted} so far, at least ${needed} needed. It stays pending.`
}

/** What it came to by a no, which ends it unless the policy says `veto: false`. */
export function deniedText(approval: Approval): string {
  const { id, state } = approval
  if (state !== 'pending') return `Denied ${id}. The agent reads the reason; the call never runs.`
  return `Your vote against ${id} is recorded: ${given(approval, 'deny')} so far. By its policy one is not enough (veto: false): it stays pending, and others may still approve it.`
}
