import type { AnsweredCall, CallEvidence, Json } from '@lelu/engine/adapter'
import type OpenAI from 'openai'
import type { ChatCompletion, ChatCompletionCreateParams } from 'openai/resources/chat/completions'
import type { Response, ResponseCreateParams } from 'openai/resources/responses/responses'
import { type AssistantMessage, callsOf, sameCalls } from './place.ts'
import type { Toolbox } from './toolbox.ts'

/** Another model, for readers that compare: the same question goes to it, with the same tools. */
export type SecondModel = { client: Partial<Pick<OpenAI, 'chat' | 'responses'>>; model: string }

type Asked = { request?: unknown; toolbox: Toolbox }

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

async function askChat(given: unknown, asked: Asked, signal: AbortSignal): Promise<AnsweredCall[]> {
  const { client, model } = secondModel(given)
  const completions = client.chat?.completions
  if (completions === undefined) throw new TypeError('the second client has no chat completions')
  const params = { ...questionOf(asked, 'chat'), model } as ChatCompletionCreateParams
  const { choices } = (await completions.create(params, { signal })) as ChatCompletion
  const message = choices[0]?.message
  return (message === undefined ? [] : callsOf(message)).map(({ kind, name, text }) => ({
    tool: name,
    input: kind === 'custom' ? text : jsonOrText(text),
  }))
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
  return output.flatMap((item): AnsweredCall[] => {
    if (item.type === 'custom_tool_call') return [{ tool: item.name, input: item.input }]
    const isCall = item.type === 'function_call' || item.type === 'mcp_approval_request'
    return isCall ? [{ tool: item.name, input: jsonOrText(item.arguments) }] : []
  })
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
  if (choice === undefined) return false
  const { finish_reason: reason } = choice
  if (kind === 'custom') return reason !== 'tool_calls' && reason !== 'stop'
  return reason === 'length' || reason === 'content_filter'
}

/** What a completion tells of the calls of its message; without one, only the calls themselves are known. */
export function chatEvidence(
  message: AssistantMessage,
  completion: ChatCompletion | undefined,
  asked: Asked,
): Partial<CallEvidence> {
  const choice = choiceOf(message, completion)
  const { logprobs } = choice ?? {}
  return {
    raw: choice === undefined ? message : completion,
    // Log-probabilities of another message would vouch for calls they know nothing of.
    ...(logprobs !== undefined && logprobs !== null && { logprobs }),
    ...(choice !== undefined && completion !== undefined && { model: completion.model }),
    ...(asked.request !== undefined && { ask: (model, signal) => askChat(model, asked, signal) }),
  }
}

/** What a response tells of its calls. It has log-probabilities for text alone, never for a call. */
export function responseEvidence(
  response: Pick<Response, 'output'> & Partial<Response>,
  asked: Asked,
): Partial<CallEvidence> {
  const parts = response.output.flatMap((item) => (item.type === 'message' ? item.content : []))
  const logprobs = parts.flatMap((part) => (part.type === 'output_text' && part.logprobs) || [])
  return {
    raw: response,
    ...(logprobs.length > 0 && { logprobs }),
    ...(typeof response.model === 'string' && { model: response.model }),
    ...(asked.request !== undefined && {
      ask: (model, signal) => askResponses(model, asked, signal),
    }),
  }
}
