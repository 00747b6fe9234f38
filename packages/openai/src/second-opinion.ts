import type { AnsweredCall, CallEvidence } from '@lelu/engine/adapter'
import type OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionCreateParams } from 'openai/resources/chat/completions'
import type { Response, ResponseCreateParams } from 'openai/resources/responses/responses'
import { askingFirst, letRun } from './hosted-effects.ts'
import { isObject } from './is-object.ts'
import { madeCalls, madeChatCalls, unnamed } from './made-calls.ts'
import { type AssistantMessage, placeCallsAt, sameCalls } from './place.ts'
import type { Toolbox } from './toolbox.ts'

/** Another model, for readers that compare: the same question goes to it, with the same tools. */
export type SecondModel = { client: Partial<Pick<OpenAI, 'chat' | 'responses'>>; model: string }

/** The call in question: its id, the parameters of the request that led to it, and the guarded tools. */
export type Asked = { id: string; request?: unknown; toolbox: Toolbox }

export type Ask = Pick<CallEvidence, 'ask'>
type Question = Record<string, unknown>

function secondModel(given: unknown): SecondModel {
  const { client, model } = (given ?? {}) as Partial<SecondModel>
  if (typeof client === 'object' && client !== null && typeof model === 'string') {
    return { client, model }
  }
  throw new TypeError('not a second model: pass { client, model }')
}

/**
 * What belongs to the first answer alone: how it is sent, how many are wanted, and that it is stored. None may stay without
 * the others: the provider refuses labels of what is not stored, and a window of time for what does not run in the background.
 */
const ofFirstAnswer: readonly string[] = [
  ...['stream', 'stream_options', 'background', 'background_options'],
  ...['n', 'store', 'metadata'],
]

function questionOf({ request, toolbox }: Asked, shape: 'chat' | 'responses'): Question {
  const given = Object.entries(request as Question)
  const rest = Object.fromEntries(given.filter(([name]) => !ofFirstAnswer.includes(name)))
  if (rest.tools === undefined) return rest
  return { ...rest, tools: askingFirst(toolbox.plain(rest.tools, shape)) }
}

/**
 * The messages in front of the answer. Apps append it before its calls are run: a model that is shown the first answer
 * repeats it, and so would vouch for it.
 */
function messagesBefore(messages: unknown, message: AssistantMessage, id: string): unknown {
  if (!Array.isArray(messages)) return messages
  const position = messages.findLastIndex(
    (one) => isObject(one) && sameCalls(one as unknown as AssistantMessage, message),
  )
  if (position < 0) return messages
  // With its answer behind it, it is the same call of an earlier step.
  const isOwn =
    messages[position] === message ||
    placeCallsAt(messages, position).some((call) => call.id === id && !call.answered)
  return isOwn ? messages.slice(0, position) : messages
}

type Item = { id?: unknown; type?: unknown; call_id?: unknown }

/** Stored items may have lost their ids; then the call's own says which one it is. */
function isSameItem(one: Item, other: Item): boolean {
  if (one === other) return true
  if (one.id !== undefined && other.id !== undefined) return one.id === other.id
  return one.call_id !== undefined && one.call_id === other.call_id && one.type === other.type
}

/** The items in front of the response, likewise. */
function inputBefore(input: unknown, output: readonly Item[], id: string): unknown {
  if (!Array.isArray(input)) return input
  const isOwn = (item: unknown) => isObject(item) && output.some((made) => isSameItem(made, item))
  const call = output.find((made) => made.call_id === id || made.id === id)
  let position = input.findLastIndex(
    (item) => isObject(item) && call !== undefined && isSameItem(call, item),
  )
  if (position < 0) return input
  while (isOwn(input[position - 1])) position -= 1
  return input.slice(0, position)
}

/** Puts the question of a chat completion to another model. */
export function askChat(asked: Asked, message: AssistantMessage): Ask {
  if (asked.request === undefined) return {}
  return {
    async ask(given, signal) {
      const { client, model } = secondModel(given)
      const completions = client.chat?.completions
      if (completions === undefined)
        throw new TypeError('the second client has no chat completions')
      const question = questionOf(asked, 'chat')
      const messages = messagesBefore(question.messages, message, asked.id)
      const params = { ...question, messages, model } as unknown as ChatCompletionCreateParams
      const { choices } = (await completions.create(params, { signal })) as ChatCompletion
      const answer = choices[0]?.message
      return answer === undefined ? [] : madeChatCalls(answer).map(unnamed)
    },
  }
}

/**
 * The same for a response. Of a stored `conversation` there is no question to put: the answer would be added to it. Nor of
 * items that let the provider run a hosted call: it would run for each opinion.
 */
export function askResponses(asked: Asked, output: Response['output']): Ask {
  const { request } = asked
  const { conversation, input: given } = (request ?? {}) as Question
  if (request === undefined || (conversation !== undefined && conversation !== null)) return {}
  if (letRun(given)) return {}
  return {
    async ask(second, signal): Promise<AnsweredCall[]> {
      const { client, model } = secondModel(second)
      if (client.responses === undefined) throw new TypeError('the second client has no responses')
      const question = questionOf(asked, 'responses')
      const input = inputBefore(question.input, output, asked.id)
      const params = { ...question, input, model, store: false } as ResponseCreateParams
      const answer = (await client.responses.create(params, { signal })) as Response
      return madeCalls(answer.output).map(unnamed)
    },
  }
}
