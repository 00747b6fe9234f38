import type { Approval } from '../approvals/record.ts'
import { isLeluError } from '../errors.ts'
import type { GuardOptions } from './options.ts'
import { recordedId } from './recorded-id.ts'
import { valueFor } from './request.ts'
import { leftBehindReason } from './wording.ts'

/** A call as it was named when it was decided. */
export type NamedCall<Call> = { context: Call; run: string; id: string }

/** The approval of a call, as the store has it; undefined when the call was never suspended. Throws as the store does. */
export async function findCall<Call>(
  { lelu, tenant }: Pick<GuardOptions<Call>, 'lelu' | 'tenant'>,
  { context, run, id }: NamedCall<Call>,
): Promise<Approval | undefined> {
  const named = await valueFor(tenant, context)
  const call = recordedId(id)
  return lelu.approvals.find({ ...(named !== undefined && { tenant: named }), run, call })
}

/**
 * Cancels an approval that nobody will take up again, so that one that comes late runs nothing. One that has ended, or
 * has begun to run in this very moment, stays as it is.
 */
export async function cancelApproval(
  { lelu }: Pick<GuardOptions<never>, 'lelu'>,
  approval: Approval | undefined,
  reason: string,
): Promise<void> {
  if (approval?.state !== 'pending' && approval?.state !== 'approved') return
  try {
    await lelu.approvals.cancel(approval.id, { reason })
  } catch (error) {
    if (!isLeluError(error) || error.code !== 'LELU_APPROVAL_STATE') throw error
  }
}

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
  for (const call of calls) {
    try {
      await cancelApproval(options, await findCall(options, call), leftBehindReason)
    } catch (error) {
      if (!isLeluError(error)) throw error
    }
  }
}
