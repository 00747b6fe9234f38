import { type AdapterCall, type Approval, isLeluError, toRequest } from '@lelu/engine/adapter'
import type { AiGuardOptions, GuardedCall } from './options.ts'

/**
 * The approval of a call; undefined when it was never suspended, `altered` when its record was changed outside Lelu:
 * one such record must not keep other calls waiting.
 */
export async function findApproval(
  options: AiGuardOptions,
  { evidence: _evidence, ...call }: AdapterCall<GuardedCall>,
): Promise<Approval | 'altered' | undefined> {
  const { tenant, run = '' } = await toRequest(options, call)
  const named = { ...(tenant !== undefined && { tenant }), run, call: call.id }
  try {
    return await options.lelu.approvals.find(named)
  } catch (error) {
    if (isLeluError(error) && error.code === 'LELU_APPROVAL_ALTERED') return 'altered'
    throw error
  }
}
