import { LeluError } from '@lelu/engine/adapter'
import type {
  ChatCompletionAssistantMessageParam,
  ChatCompletionMessage,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import { isObject } from './is-object.ts'
import type { BoundTool } from './tool.ts'

/** An answer of the model, as it came or as it was stored. */
export type AssistantMessage = ChatCompletionMessage | ChatCompletionAssistantMessageParam

/** What a call of a message says, whatever else is attached to it. */
export type WrittenCall = {
  id: string
  kind: BoundTool['kind'] | undefined
  name: string
  text: string
}

/** One call in its conversation. */
export type PlacedCall = WrittenCall & {
  /** The same in every process: models reuse ids (`call_0` in every step), so the id alone does not name a call. */
  key: string
  answered: boolean
  /** Another call of the same message has the id already. */
  repeated: boolean
}

function writtenCall(call: unknown): WrittenCall {
  const { id, type, function: declared, custom } = (call ?? {}) as Record<string, unknown>
  const kind = type === 'custom' ? type : type === 'function' ? type : undefined
  const {
    name,
    arguments: args,
    input,
  } = ((kind === 'custom' ? custom : declared) ?? {}) as Record<string, unknown>
  const text = kind === 'custom' ? input : args
  return {
    id: typeof id === 'string' ? id : '',
    kind,
    name: typeof name === 'string' ? name : '',
    text: typeof text === 'string' ? text : '',
  }
}

/** The calls of a message; none for any other message. */
export function callsOf(message: AssistantMessage | ChatCompletionMessageParam): WrittenCall[] {
  const { role, tool_calls: calls } = message as { role?: unknown; tool_calls?: unknown }
  return role === 'assistant' && Array.isArray(calls) ? calls.map(writtenCall) : []
}

const fingerprint = (calls: readonly WrittenCall[]) =>
  JSON.stringify(calls.map(({ id, kind, name, text }) => [id, kind, name, text]))

/** Whether both messages make the same calls. Stored and parsed messages differ in everything else. */
export function sameCalls(one: AssistantMessage, other: AssistantMessage): boolean {
  return fingerprint(callsOf(one)) === fingerprint(callsOf(other))
}

function callInvalid(message: string, help: string): LeluError {
  return new LeluError('LELU_CALL_INVALID', `${message} No tool was run.`, { help })
}

/** Throws `LELU_CALL_INVALID` for what is no list of messages. */
export function assertConversation(
  messages: unknown,
): asserts messages is readonly ChatCompletionMessageParam[] {
  if (!Array.isArray(messages)) {
    throw callInvalid('The conversation is missing.', 'Pass { messages }, the whole conversation.')
  }
  if (messages.every(isObject)) return
  throw callInvalid(
    'The conversation holds something that is no message.',
    'Pass the messages as they were sent and received.',
  )
}

/** Ids of the answers right behind a message, as often as each is answered. */
function answersBehind(
  messages: readonly ChatCompletionMessageParam[],
  position: number,
): Map<string, number> {
  const answers = new Map<string, number>()
  for (const message of messages.slice(position + 1)) {
    if (message.role === 'assistant') break
    if (message.role !== 'tool') continue
    answers.set(message.tool_call_id, (answers.get(message.tool_call_id) ?? 0) + 1)
  }
  return answers
}

/** The calls of the message at a position, each with its name in the conversation. */
export function placeCallsAt(
  messages: readonly ChatCompletionMessageParam[],
  position: number,
): PlacedCall[] {
  const message = messages[position]
  const calls = message === undefined ? [] : callsOf(message)
  if (calls.some(({ id }) => id === '')) {
    throw callInvalid('A call of the message has no id.', 'Pass the message as the model gave it.')
  }
  const earlier = messages
    .slice(0, position)
    .map((one) => new Set(callsOf(one).map(({ id }) => id)))
  const answers = answersBehind(messages, position)
  const seen = new Map<string, number>()
  return calls.map((call) => {
    const { id } = call
    const before = seen.get(id) ?? 0
    seen.set(id, before + 1)
    const ordinal = earlier.filter((ids) => ids.has(id)).length
    return {
      ...call,
      key: `${id}#${ordinal}`,
      answered: (answers.get(id) ?? 0) > before,
      repeated: before > 0,
    }
  })
}

/**
 * The calls of a message. The conversation must hold the message itself (`LELU_CALL_INVALID`): without it nobody could
 * tell a call that was answered from the same call of a later step.
 */
export function placeCalls(
  message: AssistantMessage,
  messages: readonly ChatCompletionMessageParam[],
): PlacedCall[] {
  if (!isObject(message)) {
    throw callInvalid('There is no message.', 'Pass the message of a choice of the completion.')
  }
  const { function_call: legacy } = message as { function_call?: unknown }
  if (legacy !== undefined && legacy !== null) {
    throw callInvalid('The message has a `function_call`.', 'Pass `tools`, not `functions`.')
  }
  if (callsOf(message).length === 0) return []
  assertConversation(messages)
  const position = messages.findLastIndex(
    (one) => one.role === 'assistant' && sameCalls(one, message),
  )
  if (position < 0) {
    throw callInvalid(
      'The message is not in the conversation.',
      'Append the message to `messages` first, then pass both.',
    )
  }
  return placeCallsAt(messages, position)
}
