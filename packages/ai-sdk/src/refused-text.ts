import type { Approval } from '@lelu/engine/adapter'

/**
 * What the model reads of a call that will never run, in the words of the turn that refused it; undefined for any
 * other, also for one that may have run.
 */
export function refusedText({ state, reason }: Approval): string | undefined {
  if (!['denied', 'expired', 'cancelled', 'revoked'].includes(state)) return undefined
  const why = (reason?.message ?? `The approval is ${state}`).replace(/\.$/, '')
  return `Not run: ${why}. Do not retry the same call.`
}
