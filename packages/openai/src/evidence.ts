import type { AnsweredCall, CallEvidence, Json } from '@lelu/engine/adapter'
import type OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionCreateParams } from 'openai/resources/chat/completions'
import type { Response, ResponseCreateParams } from 'openai/resources/responses/responses'
import { type AssistantMessage, callsOf, sameCalls } from './place.ts'
import type { Toolbox } from './toolbox.ts'

/** Another model, for readers that compare: the same question goes to it, with the same tools. */
export type SecondModel = { client: Partial<Pick<OpenAI, 'chat' | 'responses'>>; model: string }

type Asked = { request?: unknown; toolbox: Toolbox }

/** Calls with their ids, in the order in which a model made them. */
type MadeCall = AnsweredCall & { id: string }

const unnamed = ({ tool, input }: MadeCall): AnsweredCall => ({ tool, input })

/** What stands in front of the call of this id. */
function inFront(calls: readonly MadeCall[], id: string): Pick<CallEvidence, 'before'> {
  const place = calls.findIndex((call) => call.id === id)
  const before = calls.slice(0, Math.max(place, 0)).map(unnamed)
  return before.length === 0 ? {} : { before }
}

function secondModel(given: unknown): SecondModel {
  const { client, model } = (given ?? {}) as Partial<SecondModel>
  if (typeof client === 'object' && client !== null && typeof model === 'string') {
    return { client, model }
  }
  throw new TypeError('not a second model: pass { client, model }')
}

/** The question without what belongs to its first answer alone. */
function questionOf({ request, toolbox }: Asked, shape: 'chat' | 'responses') {
  const { stream, stream_options, tools, ...rest } = request as Record<string, unknown>
  return { ...rest, ...(tools !== undefined && { tools: toolbox.plain(tools, shape) }) }
}

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

const madeChatCalls = (message: AssistantMessage): MadeCall[] =>
  callsOf(message).map(({ id, kind, name, text }) => ({
    ...{ id, tool: name },
    input: kind === 'custom' ? text : jsonOrText(text),
  }))

function madeCalls(output: Response['output']): MadeCall[] {
  return output.flatMap((item): MadeCall[] => {
    switch (item.type) {
      case 'custom_tool_call':
        return [{ id: item.call_id, tool: item.name, input: item.input }]
      case 'function_call':
        return [{ id: item.call_id, tool: item.name, input: jsonOrText(item.arguments) }]
      case 'mcp_approval_request':
        return [{ id: item.id, tool: item.name, input: jsonOrText(item.arguments) }]
      default:
        return []
    }
  })
}

async function askChat(given: unknown, asked: Asked, signal: AbortSignal): Promise<AnsweredCall[]> {
  const { client, model } = secondModel(given)
  const completions = client.chat?.completions
  if (completions === undefined) throw new TypeError('the second client has no chat completions')
  const params = { ...questionOf(asked, 'chat'), model } as ChatCompletionCreateParams
  const { choices } = (await completions.create(params, { signal })) as ChatCompletion
  const message = choices[0]?.message
  return message === undefined ? [] : madeChatCalls(message).map(unnamed)
}

async function askResponses(
  given: unknown,
  asked: Asked,
  signal: AbortSignal,
): Promise<AnsweredCall[]> {
  const { client, model } = secondModel(given)
  if (client.responses === undefined) throw new TypeError('the second client has no responses')
  const params = { ...questionOf(asked, 'responses'), model } as ResponseCreateParams
  const { output } = (await client.responses.create(params, { signal })) as Response
  return madeCalls(output).map(unnamed)
}

const choiceOf = (message: AssistantMessage, completion: ChatCompletion | undefined) =>
  completion?.choices.find((one) => sameCalls(one.message, message))

/**
 * Whether the completion says that the message was cut off, by the limit of tokens or by a filter. Half the arguments of a
 * function are no JSON, but half a text is a text: for a custom call the completion must say that it came to its end.
 */
export function wasCut(
  message: AssistantMessage,
  completion: ChatCompletion | undefined,
  kind: 'function' | 'custom',
): boolean {
  const choice = choiceOf(message, completion)
  // Of another message a completion says nothing.
  if (choice === undefined) return kind === 'custom' && completion !== undefined
  const { finish_reason: reason } = choice
  if (kind === 'custom') return reason !== 'tool_calls' && reason !== 'stop'
  return reason === 'length' || reason === 'content_filter'
}

/** What a completion tells of a call of its message; without one, only the calls themselves are known. */
export function chatEvidence(
  message: AssistantMessage,
  completion: ChatCompletion | undefined,
  { id, ...asked }: Asked & { id: string },
): Partial<CallEvidence> {
  const choice = choiceOf(message, completion)
  const { logprobs } = choice ?? {}
  return {
    raw: choice === undefined ? message : completion,
    ...inFront(madeChatCalls(message), id),
    // Log-probabilities of another message would vouch for calls they know nothing of.
    ...(logprobs !== undefined && logprobs !== null && { logprobs }),
    ...(choice !== undefined && completion !== undefined && { model: completion.model }),
    ...(asked.request !== undefined && { ask: (model, signal) => askChat(model, asked, signal) }),
  }
}

/** What a response tells of a call of its. It has log-probabilities for text alone, never for a call. */
export function responseEvidence(
  response: Pick<Response, 'output'> & Partial<Response>,
  { id, ...asked }: Asked & { id: string },
): Partial<CallEvidence> {
  const parts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []))
  const logprobs = parts.flatMap((part) => (part.type === 'output_text' && part.logprobs) || [])
  return {
    raw: response,
    ...inFront(madeCalls(response.output), id),
    ...(logprobs.length > 0 && { logprobs }),
    ...(typeof response.model === 'string' && { model: response.model }),
    ...(asked.request !== undefined && {
      ask: (model, signal) => askResponses(model, asked, signal),
    }),
  }
}
