import {
  LeluError,
  leftBehindReason,
  lostAnswerText,
  notRun,
  repeatedIdText,
  unknownApprovalText,
} from '@lelu/engine/adapter'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { cancelWaiting } from './cancel-waiting.ts'
import { toolContent } from './chat.ts'
import { answerCall, type CallToAnswer, type Guard } from './guarded-call.ts'
import { assertConversation, placeCallsBefore } from './place.ts'
import { textContent } from './text-content.ts'
import type { FinalAnswer } from './without-suspending.ts'

/** Of `cancelAbandoned`. */
export type CancelAbandonedOptions = {
  /** Handed to the functions among the options. */
  context?: unknown
}

/** The same conversation, with an answer behind every call in it that was left behind. */
export type CancelAbandoned = (
  messages: readonly ChatCompletionMessageParam[],
  options?: CancelAbandonedOptions,
) => Promise<ChatCompletionMessageParam[]>

function neverRuns(): never {
  const help = 'Let the agent ask again.'
  throw notRun(
    new LeluError('LELU_CALL_INVALID', 'A call that was left behind is not run.', { help }),
  )
}

type LeftCall = Pick<CallToAnswer, 'view' | 'key' | 'kind' | 'tool' | 'toContent'>

/**
 * The answer of a call that was left behind: its stored result if it has run, or that it was cancelled. Of one that has no
 * record, for the policy allows it or was never asked, only that nothing is known.
 */
export async function endCall(guard: Guard, call: LeftCall): Promise<FinalAnswer> {
  await cancelWaiting(guard, call, leftBehindReason)
  const { tool } = call
  const ending = { ...guard, options: { ...guard.options, mode: 'suspend' as const } }
  const answer = await answerCall(ending, {
    ...call,
    tool: tool?.run && { ...tool, run: neverRuns },
    // Without a record it was never decided, and is not decided now.
    resumed: true,
  })
  if (answer.status === 'pending') return { status: 'final', content: answer.text }
  const unknown = answer.status === 'final' && answer.content === unknownApprovalText
  return unknown ? { status: 'final', content: lostAnswerText } : answer
}

/**
 * Cancels the approvals of calls that a newer message left without answer, so that one that comes late runs nothing.
 * The API takes no conversation with a call that has no answer: go on with the one that is returned.
 */
export function abandonedCanceller(guard: Guard): CancelAbandoned {
  return async (messages, { context } = {}) => {
    assertConversation(messages)
    const repaired: ChatCompletionMessageParam[] = []
    const newest = messages.findLastIndex(({ role }) => role === 'user' || role === 'assistant')
    const calls = placeCallsBefore(messages, newest)
    for (const [position, message] of messages.entries()) {
      repaired.push(message)
      for (const call of calls[position] ?? []) {
        if (call.answered) continue
        const { id, key, kind = 'function', name, text, repeated } = call
        const content = repeated
          ? repeatedIdText
          : toolContent(
              await endCall(guard, {
                view: {
                  id,
                  tool: name,
                  arguments: text,
                  history: messages,
                  context,
                  signal: undefined,
                },
                key,
                kind,
                tool: call.kind && guard.toolbox.find(kind, name),
                toContent: textContent,
              }),
            )
        repaired.push({ role: 'tool', tool_call_id: id, content })
      }
    }
    return repaired
  }
}
