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

type Counts = Map<string, number>

/** Counts one more; answers how many there were before it. */
function count(counts: Counts, id: string): number {
  const before = counts.get(id) ?? 0
  counts.set(id, before + 1)
  return before
}

/** Ids of the answers right behind a message, as often as each is answered. */
function answersBehind(messages: readonly ChatCompletionMessageParam[], position: number): Counts {
  const answers: Counts = new Map()
  for (let at = position + 1; at < messages.length; at += 1) {
    const message = messages[at]
    if (message?.role === 'assistant') break
    if (message?.role === 'tool') count(answers, message.tool_call_id)
  }
  return answers
}

/** `earlier`: how many of the messages in front have a call of each id. */
function place(
  messages: readonly ChatCompletionMessageParam[],
  position: number,
  earlier: Counts,
): PlacedCall[] {
  const message = messages[position]
  const calls = message === undefined ? [] : callsOf(message)
  if (calls.length === 0) return []
  if (calls.some(({ id }) => id === '')) {
    throw callInvalid('A call of the message has no id.', 'Pass the message as the model gave it.')
  }
  const answers = answersBehind(messages, position)
  const seen: Counts = new Map()
  return calls.map((call) => {
    const { id } = call
    const before = count(seen, id)
    return {
      ...call,
      key: `${id}#${earlier.get(id) ?? 0}`,
      answered: (answers.get(id) ?? 0) > before,
      repeated: before > 0,
    }
  })
}

function countCalls(earlier: Counts, message: ChatCompletionMessageParam): void {
  for (const id of new Set(callsOf(message).map((call) => call.id))) count(earlier, id)
}

/** The calls of the message at a position, each with its name in the conversation. */
export function placeCallsAt(
  messages: readonly ChatCompletionMessageParam[],
  position: number,
): PlacedCall[] {
  const earlier: Counts = new Map()
  for (const message of messages.slice(0, position)) countCalls(earlier, message)
  return place(messages, position, earlier)
}

/** The calls of each message in front of a position: one look at each, for conversations are long. */
export function placeCallsBefore(
  messages: readonly ChatCompletionMessageParam[],
  end: number,
): PlacedCall[][] {
  const earlier: Counts = new Map()
  return messages.slice(0, Math.max(end, 0)).map((message, position) => {
    const calls = place(messages, position, earlier)
    countCalls(earlier, message)
    return calls
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
  const help = 'Pass the message of a choice of the completion.'
  if (!isObject(message)) throw callInvalid('There is no message.', help)
  const { role, tool_calls: made, function_call: legacy } = message as Record<string, unknown>
  // Nothing would be called, and the app would take it that every call has its answer.
  const isList = made === undefined || made === null || Array.isArray(made)
  if (role !== 'assistant' || !isList) throw callInvalid('This is no message of a model.', help)
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
