import { cancelApproval, findCall } from '@lelu/engine/adapter'
import type { CallToAnswer, Guard } from './guarded-call.ts'
import { runOf } from './options.ts'

/** Cancels a call that has not run yet, and that nobody will take up again. */
export async function cancelWaiting(
  { options }: Guard,
  { view, key }: Pick<CallToAnswer, 'view' | 'key'>,
  reason: string,
): Promise<void> {
  const named = { context: view, run: await runOf(options, view), id: key }
  await cancelApproval(options, await findCall(options, named), reason)
}
