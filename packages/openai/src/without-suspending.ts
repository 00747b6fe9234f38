import { cancelApproval, invalidOptions, pendingText } from '@lelu/engine/adapter'
import { answerCall, type CallAnswer, type CallToAnswer, type Guard } from './guarded-call.ts'
import type { GuardFunctionsOptions } from './options.ts'

export type FinalAnswer = Exclude<CallAnswer, { status: 'pending' }>

/** A runner holds its conversation in memory and cannot take a call up again: nothing may be suspended in it. */
export function assertMode(
  { mode = 'suspend' }: GuardFunctionsOptions,
  runner: string,
  instead: string,
): void {
  if (mode !== 'suspend') return
  throw invalidOptions(
    `${runner} cannot suspend a call.`,
    `Choose the mode \`wait\` or \`tell-model\`, or use ${instead}.`,
  )
}

/** A call in a runner. One that nobody decides within `waitMs` is cancelled. */
export async function answerWithoutSuspending(
  guard: Guard,
  call: CallToAnswer,
): Promise<FinalAnswer> {
  const answer = await answerCall(guard, call)
  if (answer.status !== 'pending') return answer
  await cancelApproval(guard.options, answer.approval, 'nobody decided in time')
  // Ends at once: it is cancelled, or it was decided just before.
  const ended = await answerCall(guard, call)
  return ended.status === 'pending'
    ? { status: 'final', content: pendingText(ended.approval, 'closed') }
    : ended
}
