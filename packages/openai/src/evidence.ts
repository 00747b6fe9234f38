import { type CallEvidence, LeluError } from '@lelu/engine/adapter'
import type { ChatCompletion } from 'openai/resources/chat/completions'
import type { Response } from 'openai/resources/responses/responses'
import { isObject } from './is-object.ts'
import { type MadeCall, madeCalls, madeChatCalls, unnamed } from './made-calls.ts'
import { type AssistantMessage, sameCalls } from './place.ts'
import { type Ask, type Asked, askChat, askResponses } from './second-opinion.ts'

/** What a reader is told of a call. It is only worked out when there is a reader, and asks. */
export type Evidence = (asked: Asked) => Partial<CallEvidence>

/** An answer may make many calls, each of them long: read for each of them, it would be read by their square. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** One function for all calls of an answer that are asked about: each of them has the same question. */
function onceAsked(put: (asked: Asked) => Ask): (asked: Asked) => Ask {
  let made: Ask | undefined
  return (asked) => {
    made ??= put(asked)
    return made
  }
}

/** What stands in front of the call of this id. */
function inFront(calls: readonly MadeCall[], id: string): Pick<CallEvidence, 'before'> {
  const place = calls.findIndex((call) => call.id === id)
  const before = calls.slice(0, Math.max(place, 0)).map(unnamed)
  return before.length === 0 ? {} : { before }
}

/** Throws `LELU_CALL_INVALID` for what is no completion, such as a chunk of a stream: it may say that the answer was cut off. */
export function assertCompletion(completion: unknown): void {
  if (completion === undefined || completion === null) return
  const { choices } = completion as { choices?: unknown }
  const isChoice = (one: unknown) => isObject(one) && isObject(one.message)
  if (Array.isArray(choices) && choices.every(isChoice)) return
  throw new LeluError('LELU_CALL_INVALID', 'This is no completion. No tool was run.', {
    help: 'Pass the completion as the API gave it; of a stream, what `await stream.finalChatCompletion()` gives.',
  })
}

/** The choice of a message. Of several answers (`n`), more than one may make the very same calls, under the same ids. */
function choicesOf(message: AssistantMessage, completion: ChatCompletion | undefined) {
  const choices = completion?.choices.filter((one) => sameCalls(one.message, message)) ?? []
  const own = choices.find((one) => one.message === message)
  return own === undefined ? choices : [own]
}

/** What a completion tells of the calls of its message; without one, only the calls themselves are known. */
export type ChatAnswer = {
  /**
   * Whether the completion says that the message was cut off, by the limit of tokens or by a filter. Half the arguments of a
   * function are no JSON, but half a text is a text: for a custom call the completion must say that it came to its end.
   */
  wasCut(kind: 'function' | 'custom'): boolean
  evidence: Evidence
}

export function chatAnswer(
  message: AssistantMessage,
  completion: ChatCompletion | undefined,
): ChatAnswer {
  const choices = choicesOf(message, completion)
  const made = once(() => madeChatCalls(message))
  const askOf = onceAsked((asked) => askChat(asked, message))
  return {
    wasCut(kind) {
      // Of another message a completion says nothing.
      if (choices.length === 0) return kind === 'custom' && completion !== undefined
      return choices.some(({ finish_reason: reason }) =>
        kind === 'custom'
          ? reason !== 'tool_calls' && reason !== 'stop'
          : reason === 'length' || reason === 'content_filter',
      )
    },
    evidence(asked) {
      const [choice, another] = choices
      const { logprobs } = another === undefined ? (choice ?? {}) : {}
      return {
        raw: choice === undefined ? message : completion,
        ...inFront(made(), asked.id),
        // Log-probabilities of another message would vouch for calls they know nothing of.
        ...(logprobs !== undefined && logprobs !== null && { logprobs }),
        ...(choice !== undefined && completion !== undefined && { model: completion.model }),
        ...askOf(asked),
      }
    },
  }
}

/** What a response tells of a call of its. It has log-probabilities for text alone, never for a call. */
export function responseEvidence(response: Pick<Response, 'output'> & Partial<Response>): Evidence {
  const { output, model } = response
  const made = once(() => madeCalls(output))
  const askOf = onceAsked((asked) => askResponses(asked, output))
  const ofText = once(() => {
    const parts = output.flatMap((item) => (item.type === 'message' ? item.content : []))
    return parts.flatMap((part) => (part.type === 'output_text' && part.logprobs) || [])
  })
  return (asked) => {
    const logprobs = ofText()
    return {
      raw: response,
      ...inFront(made(), asked.id),
      ...(logprobs.length > 0 && { logprobs }),
      ...(typeof model === 'string' && { model }),
      ...askOf(asked),
    }
  }
}
