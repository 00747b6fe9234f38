import {
  type Approval,
  cancelApproval,
  findCall,
  isLeluError,
  type NamedCall,
} from '@lelu/engine/adapter'
import type { AiGuardOptions, GuardedCall } from './options.ts'

/**
 * The approval of a call; undefined when it was never suspended, `altered` when its record was changed outside Lelu:
 * one such record must not keep other calls waiting.
 */
export async function findApproval(
  options: AiGuardOptions,
  call: NamedCall<GuardedCall>,
): Promise<Approval | 'altered' | undefined> {
  try {
    return await findCall(options, call)
  } catch (error) {
    if (isLeluError(error) && error.code === 'LELU_APPROVAL_ALTERED') return 'altered'
    throw error
  }
}

/** Whether the call ran, or may have. Such a one is never shown as denied: that would say that nothing happened. */
export function mayHaveRun({ state, result }: Approval): boolean {
  if (state === 'failed') return result?.status !== 'not_run'
  return state === 'completed' || state === 'unknown'
}

/**
 * Cancels the approval of a call that waited for it when its run was aborted: the history ends before the call, so
 * nothing would resume it. Where that fails it expires by itself, and the abort is what is told.
 */
export async function cancelAborted(options: AiGuardOptions, approval: Approval): Promise<void> {
  await cancelApproval(options, approval, 'the run was aborted').catch(() => {})
}
