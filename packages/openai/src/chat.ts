import { repeatedIdText } from '@lelu/engine/adapter'
import type {
  ChatCompletion,
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
  ChatCompletionToolMessageParam,
} from 'openai/resources/chat/completions'
import { assertCompletion, type ChatAnswer, chatAnswer } from './evidence.ts'
import { type Settle, settleOnce } from './finished.ts'
import {
  answerCall,
  type CallAnswer,
  type Guard,
  isSettled,
  textOf,
  throwIfEnded,
} from './guarded-call.ts'
import { type GuardedCall, sameCall } from './options.ts'
import { type AssistantMessage, type PlacedCall, placeCalls } from './place.ts'
import { errorContent, textContent } from './text-content.ts'

/** A call that waits for a person. */
export type PendingCall = { approvalId: string; toolCallId: string; tool: string }

/** Of `executeToolCalls`. */
export type ExecuteToolCallsOptions = {
  /** The whole conversation with the message in it, from your own store: whoever writes it answers calls. */
  messages: readonly ChatCompletionMessageParam[]
  /**
   * Where the message came from. It has the log-probabilities, and says whether the message was cut off: without it, the
   * text of a custom call is taken for the whole.
   */
  completion?: ChatCompletion
  /** The parameters of the request, for readers that ask a second model. */
  request?: ChatCompletionCreateParams
  /** Handed to the functions among the options. */
  context?: unknown
  signal?: AbortSignal
}

/** How far the calls of a message are. */
export type ExecutedToolCalls = {
  /** Answers of the calls that are final and were not in `messages` yet. Append them at once. */
  messages: ChatCompletionToolMessageParam[]
  pending: PendingCall[]
  /** Whether every call of the message has its answer: only then will the API take the conversation. */
  ready: boolean
}

/**
 * Decides the calls of a message and runs what may run. Called again with the same message it goes on where each
 * call stands.
 */
export type ExecuteToolCalls = (
  message: AssistantMessage,
  options: ExecuteToolCallsOptions,
) => Promise<ExecutedToolCalls>

/** The answer as `runTools` would have given it, but for a tool that throws: there it gives up the whole run. */
export function toolContent(answer: Exclude<CallAnswer, { status: 'pending' }>): string {
  return answer.status === 'threw' ? errorContent(answer.error) : textOf(answer)
}

function viewOf(
  { id, name, text }: PlacedCall,
  { messages, context, signal }: ExecuteToolCallsOptions,
): GuardedCall {
  return { id, tool: name, arguments: text, history: messages, context, signal }
}

/** Runs, refuses or suspends the calls of a message, side by side; called again, it goes on where they stand. */
export function toolCallExecutor(guard: Guard): ExecuteToolCalls {
  const { toolbox } = guard
  const settle: Settle<CallAnswer> = settleOnce(isSettled)

  async function answer(
    call: PlacedCall,
    { wasCut, evidence }: ChatAnswer,
    options: ExecuteToolCallsOptions,
  ): Promise<CallAnswer> {
    const { request } = options
    const view = viewOf(call, options)
    const { key, kind = 'function', name } = call
    return answerCall(guard, {
      view,
      key,
      kind,
      tool: call.kind && toolbox.find(kind, name),
      evidence: () => evidence({ request, toolbox, id: call.id }),
      toContent: textContent,
      incomplete: wasCut(kind),
    })
  }

  return async (message, options) => {
    const calls = placeCalls(message, options?.messages)
    assertCompletion(options?.completion)
    const told = chatAnswer(message, options?.completion)
    const open = calls.filter(({ answered, repeated }) => !answered && !repeated)
    const works = open.map(async (call) => ({
      same: await sameCall(guard.options, viewOf(call, options), call.key),
      run: () => answer(call, told, options),
      signal: options.signal,
    }))
    const answers = await settle(message, await Promise.all(works))
    throwIfEnded(answers, options.signal)
    const answerOf = new Map(open.map((call, index) => [call.id, answers[index]]))

    const result: ExecutedToolCalls = { messages: [], pending: [], ready: true }
    for (const { id, name, answered, repeated } of calls) {
      if (answered) continue
      const found = answerOf.get(id)
      if (found?.status === 'pending') {
        result.ready = false
        // A second answer under the same id would stand for the first one, so it waits too.
        if (repeated) continue
        result.pending.push({ approvalId: found.approval.id, toolCallId: id, tool: name })
        continue
      }
      const content = repeated || found === undefined ? repeatedIdText : toolContent(found)
      result.messages.push({ role: 'tool', tool_call_id: id, content })
    }
    return result
  }
}
