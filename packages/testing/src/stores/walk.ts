import type { Approval, ApprovalState } from '@lelu/engine'

/** Every transition there may be, stated once more: a store or an engine that makes another one shows here. */
const mayFollow: { readonly [state in ApprovalState]: readonly ApprovalState[] } = {
  pending: ['pending', 'approved', 'denied', 'expired', 'cancelled'],
  approved: ['approved', 'executing', 'revoked', 'expired', 'cancelled'],
  executing: ['executing', 'completed', 'failed', 'unknown'],
  unknown: [],
  denied: [],
  expired: [],
  cancelled: [],
  revoked: [],
  completed: [],
  failed: [],
}

/**
 * What is wrong with a walk of which these are the sights, from whatever process. Two that both believe they won have
 * seen one revision with two contents.
 */
export function walkFaults(sights: readonly Approval[]): string[] {
  const faults: string[] = []
  const revisions = new Map<number, { state: ApprovalState; text: string }>()
  for (const approval of sights) {
    const { revision, state } = approval
    const text = JSON.stringify(approval)
    const seen = revisions.get(revision)
    if (seen !== undefined && seen.text !== text)
      faults.push(`revision ${revision} has two contents`)
    revisions.set(revision, { state, text })
  }
  const walk = [...revisions].sort(([a], [b]) => a - b)
  for (const [index, [revision, { state }]] of walk.entries()) {
    const [before, earlier] = walk[index - 1] ?? []
    if (before === undefined || earlier === undefined) continue
    if (mayFollow[earlier.state].length === 0) {
      faults.push(`${earlier.state} became ${state}, though it is an end`)
    } else if (before + 1 === revision && !mayFollow[earlier.state].includes(state)) {
      faults.push(`${earlier.state} became ${state} at revision ${revision}`)
    }
  }
  return faults
}
