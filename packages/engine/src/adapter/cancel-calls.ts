import { isLeluError } from '../errors.ts'
import type { GuardOptions } from './options.ts'
import { valueFor } from './request.ts'

/** A call as it was named when it was decided. */
export type NamedCall<Call> = { context: Call; run: string; id: string }

/**
 * Cancels what still waits of these calls: for those that the user left behind with a new message. Nothing will resume
 * them, and a person who approves one late would believe that it runs. Never throws for a store that is down: the
 * calls cannot run anyway, and the next turn tries again.
 */
export async function cancelCalls<Call>(
  options: GuardOptions<Call>,
  calls: readonly NamedCall<Call>[],
): Promise<void> {
  // There every call is answered at once, and the approval waits for the next call with the same input.
  if (options.mode === 'tell-model') return
  for (const { context, run, id } of calls) {
    try {
      const tenant = await valueFor(options.tenant, context)
      const { approvals } = options.lelu
      const found = await approvals.find({ ...(tenant !== undefined && { tenant }), run, call: id })
      if (found?.state !== 'pending' && found?.state !== 'approved') continue
      await approvals.cancel(found.id, { reason: 'the conversation went on' })
    } catch (error) {
      if (!isLeluError(error)) throw error
    }
  }
}
