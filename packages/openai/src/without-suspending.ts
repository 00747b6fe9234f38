import { cancelApproval, invalidOptions, pendingText } from '@lelu/engine/adapter'
import { cancelWaiting } from './cancel-waiting.ts'
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

/** A call in a runner. One that nobody decides within `waitMs`, or before the run is aborted, is cancelled. */
export async function answerWithoutSuspending(
  guard: Guard,
  call: CallToAnswer,
): Promise<FinalAnswer> {
  let answer: CallAnswer
  try {
    answer = await answerCall(guard, call)
  } catch (error) {
    // Nobody takes the call up again, and a reviewer would decide for nobody. What went wrong first is thrown.
    await cancelWaiting(guard, call, 'the run ended').catch(() => {})
    throw error
  }
  if (answer.status !== 'pending') return answer
  await cancelApproval(guard.options, answer.approval, 'nobody decided in time')
  // Ends at once: it is cancelled, or it was decided just before.
  const ended = await answerCall(guard, call)
  return ended.status === 'pending'
    ? { status: 'final', content: pendingText(ended.approval, 'closed') }
    : ended
}
