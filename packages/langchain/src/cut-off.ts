import { AIMessage, type ToolCall } from '@langchain/core/messages'
import { isSameInput } from '@lelu/engine/adapter'
import { type StreamedCall, streamedCalls, textOf } from './call-text.ts'
import { keepNewest } from './keep-newest.ts'
import type { GuardedCall } from './options.ts'
import { threadOf } from './place.ts'

const closers: Record<string, string> = { '{': '}', '[': ']' }

/**
 * Whether the text of an object goes to its end. Not whether it is JSON: models write line breaks into strings as they
 * are, and LangChain reads those.
 */
function isWhole(text: string): boolean {
  const open: string[] = []
  let [inString, escaped, opened] = [false, false, false]
  for (const char of text) {
    if (inString) {
      if (char === '"' && !escaped) inString = false
      escaped = char === '\\' && !escaped
    } else if (char === '"') {
      inString = true
    } else if (char in closers) {
      open.push(closers[char] ?? '')
      opened = true
    } else if (char === '}' || char === ']') {
      if (open.pop() !== char) return false
    }
  }
  return opened && !inString && open.length === 0
}

/** No text at all is a call without arguments; the text of a custom tool is no JSON. */
function endsEarly({ text, isCustomTool }: StreamedCall): boolean {
  return text.trim() !== '' && !isCustomTool && !isWhole(text)
}

/** What providers call the end of an answer at a limit of tokens, or by a filter. */
const earlyEnds: ReadonlySet<unknown> = new Set([
  'length', // OpenAI and all that speak its language, Mistral, Ollama
  'content_filter',
  'incomplete', // OpenAI Responses
  'max_tokens', // Anthropic, Bedrock, Gemini, Cohere
  'model_context_window_exceeded',
  'refusal',
  'content_filtered', // Bedrock
  'guardrail_intervened',
])

/** Whether a provider says so in one of its words for the reason. */
function tellsEarlyEnd(told: unknown): boolean {
  const { finish_reason, finishReason, stop_reason, stopReason, done_reason, status } = (told ??
    {}) as Record<string, unknown>
  return [finish_reason, finishReason, stop_reason, stopReason, done_reason, status].some(
    (reason) => typeof reason === 'string' && earlyEnds.has(reason.toLowerCase()),
  )
}

/** Whether the provider says that it ended the answer early, wherever its integration keeps that. */
function endedEarly({ response_metadata, additional_kwargs }: AIMessage): boolean {
  const { messageStop } = response_metadata as { messageStop?: unknown }
  // A stream of ChatAnthropic tells it in `additional_kwargs`, one of Bedrock in `messageStop`.
  return [response_metadata, messageStop, additional_kwargs].some(tellsEarlyEnd)
}

/** Whether the end may have come before the first letter of this call, the last one. */
function mayLack(message: AIMessage, last: ToolCall | undefined): boolean {
  if (last === undefined || !endedEarly(message)) return false
  return !isWhole(textOf(message, last.id) ?? '')
}

function findCutOff(message: AIMessage): ToolCall[] {
  const calls = message.tool_calls ?? []
  const streamed = streamedCalls(message)
  const early = new Set(streamed.filter(endsEarly).map(({ id }) => id))
  const last = calls.at(-1)
  if (mayLack(message, last)) early.add(last?.id)
  return calls.filter(({ id }) => early.has(id))
}

/** The arguments of each call that was cut off, as JSON, by its id: a call that was edited since is another one. */
type CutOff = { readonly [id: string]: string }

function markOf(message: AIMessage): CutOff | undefined {
  const { lelu } = message.response_metadata as { lelu?: { cutOff?: unknown } }
  const cutOff = lelu?.cutOff
  return typeof cutOff === 'object' && cutOff !== null ? (cutOff as CutOff) : undefined
}

/** The messages of the model in what a handler answers: with a response format it is more than one message. */
export function answersIn(answer: unknown): AIMessage[] {
  if (AIMessage.isInstance(answer)) return [answer]
  const { messages } = (answer ?? {}) as { messages?: unknown }
  return Array.isArray(messages) ? messages.filter((message) => AIMessage.isInstance(message)) : []
}

/**
 * Marks the calls of a streamed answer whose arguments end early, so that none of them runs. LangChain completes what
 * was cut off (by a limit of tokens, or a lost connection): of `{"amount": 5000}` it would run `{"amount": 50`. It
 * forgets the text when the answer gets into the thread, so the mark goes there with it. `leluMiddleware` does this; a
 * graph of your own does it where it asks the model.
 */
export function markCutOff<T>(answer: T): T {
  for (const message of answersIn(answer)) {
    const calls = findCutOff(message)
    if (calls.length === 0) continue
    const cutOff = Object.fromEntries(calls.map(({ id, args }) => [id, JSON.stringify(args)]))
    // In place: what a checkpointer stores are the fields that the message was made of.
    Object.assign(message.response_metadata, { lelu: { cutOff } })
  }
  return answer
}

type Place = Pick<GuardedCall, 'message' | 'configurable'>

/** The marks of answers that were just given. */
export type CutOffMarks = {
  of(place: Place): CutOff | undefined
  keep(place: Place): void
}

/** Kept in memory as well: middleware that rebuilds a message (to mask what it says) drops the mark. */
export function cutOffMarks(): CutOffMarks {
  const kept = new Map<string, CutOff>()
  const keyOf = ({ message, configurable }: Place) =>
    JSON.stringify([...threadOf(configurable), message?.id])
  return {
    of: (place) => kept.get(keyOf(place)),
    keep(place) {
      const mark = place.message && markOf(place.message)
      if (mark !== undefined) keepNewest(kept, keyOf(place), mark)
    },
  }
}

function hasArguments(call: ToolCall, text: string): boolean {
  try {
    return isSameInput(JSON.parse(JSON.stringify(call.args)), JSON.parse(text))
  } catch {
    return true
  }
}

/** Whether the arguments of this call were cut off when the model wrote them, and stand as they were then. */
export function isCutOff(
  { message, toolCall, configurable }: GuardedCall,
  marks?: CutOffMarks,
): boolean {
  if (message === undefined) return false
  // Of the message, and not of the call: middleware that adds an argument has not completed the others.
  const asked = message.tool_calls?.find(({ id }) => id === toolCall.id)
  const mark = markOf(message) ?? marks?.of({ message, configurable })
  if (mark === undefined) return asked !== undefined && findCutOff(message).includes(asked)
  const text = Object.hasOwn(mark, toolCall.id) ? mark[toolCall.id] : undefined
  return asked !== undefined && typeof text === 'string' && hasArguments(asked, text)
}
