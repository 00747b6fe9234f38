import { randomUUID } from 'node:crypto'
import { AIMessage, type BaseMessage, isAIMessage, type ToolCall } from '@langchain/core/messages'
import {
  type AddedField,
  type AnsweredCall,
  addField,
  type CallEvidence,
  type ConfidenceSignal,
  invalidOptions,
  type Json,
  readConfidence,
  takeField,
} from '@lelu/engine/adapter'
import type { WrapModelCallHook } from 'langchain'
import { type CallableTool, isCallable } from './bind-tool.ts'
import type { GuardOptions } from './options.ts'
import { jsonSchemaOf } from './tool-input.ts'
import { unguarded } from './unguarded.ts'

/** The signals of calls that were just answered; a call of another process, or of a forged message, is not among them. */
export type AnsweredSignals = {
  of(message: AIMessage | undefined, call: ToolCall): { signal?: ConfidenceSignal } | undefined
  keep(message: AIMessage, call: ToolCall, signal: ConfidenceSignal | undefined): void
}

const maxKept = 4096

/**
 * Kept in memory and not in the message: whoever can write to a thread could write a high confidence into it. The
 * whole call is part of the key, so that one that was changed since has no signal.
 */
export function answeredSignals(): AnsweredSignals {
  const kept = new Map<string, { signal?: ConfidenceSignal }>()
  const keyOf = (message: AIMessage, { id, name, args }: ToolCall) =>
    JSON.stringify([message.id, id, name, args])
  return {
    of: (message, call) => (message === undefined ? undefined : kept.get(keyOf(message, call))),
    keep(message, call, signal) {
      kept.set(keyOf(message, call), signal === undefined ? {} : { signal })
      const [oldest] = kept.keys()
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
    },
  }
}

/** The argument JSON as the model generated it, where the provider's converter keeps it. */
function textOf(message: AIMessage, id: string | undefined): string | undefined {
  const raw = message.additional_kwargs.tool_calls?.find((call) => call.id === id)
  if (raw !== undefined) return raw.function.arguments
  const chunks = (message as { tool_call_chunks?: { id?: string; args?: string }[] })
    .tool_call_chunks
  return chunks?.find((chunk) => chunk.id === id)?.args
}

/**
 * What a message from the thread tells of one of its calls. No log-probabilities: whoever can write to the thread
 * could write high ones.
 */
export function evidenceOf(message: AIMessage | undefined, call: ToolCall): CallEvidence {
  const { id = '', name, args } = call
  const text = message && textOf(message, call.id)
  const { model_name: model } = (message?.response_metadata ?? {}) as { model_name?: unknown }
  return {
    call: { id, tool: name, input: args as Json, ...(text !== undefined && { text }) },
    ...(typeof model === 'string' && { model }),
    ...(message !== undefined && { raw: message }),
  }
}

/** The evidence of a message that the model has answered right now. */
function freshEvidence(message: AIMessage, call: ToolCall): CallEvidence {
  const { logprobs } = message.response_metadata as { logprobs?: unknown }
  const found = logprobs !== undefined && logprobs !== null ? { logprobs } : {}
  return { ...evidenceOf(message, call), ...found }
}

/** The schema of a tool as it is shown to the model: with one more field. What runs is still the tool itself. */
export function schemaWith(tool: CallableTool, field: AddedField): Json {
  const schema = jsonSchemaOf(tool)
  if (schema !== undefined) return addField(schema, field, tool.name)
  throw invalidOptions(
    `The schema of the tool ${tool.name} cannot be shown with a confidence field.`,
    'Give the tool a schema that JSON Schema can say, or use another reader.',
  )
}

/** As a definition and not as a tool: LangChain refuses another tool of the same name here. */
function withField(tool: unknown, field: AddedField): unknown {
  if (!isCallable(tool)) return tool // a tool of the provider: it has no call of ours
  const { name, description } = tool
  return { type: 'function', function: { name, description, parameters: schemaWith(tool, field) } }
}

type Model = {
  bindTools?: (tools: unknown[]) => {
    invoke(messages: BaseMessage[], options: object): Promise<unknown>
  }
}

type Question = { messages: BaseMessage[]; tools: readonly unknown[] }

/** Puts the question of this step to another chat model. */
async function askModel(
  model: unknown,
  { messages, tools }: Question,
  signal: AbortSignal,
): Promise<AnsweredCall[]> {
  const bind = (model as Model | null)?.bindTools
  if (bind === undefined) throw new TypeError('not a chat model that takes tools')
  const answer = await bind.call(model, [...tools]).invoke(messages, { signal })
  if (!AIMessage.isInstance(answer)) return []
  return (answer.tool_calls ?? []).map(({ name, args }) => ({ tool: name, input: args as Json }))
}

/**
 * Reads the confidence of every call right when the model has answered: here the question is at hand, and here the
 * reader's own field is shown to the model and taken out of what it answered.
 */
export function readAtAnswer(
  options: GuardOptions,
  signals: AnsweredSignals,
): WrapModelCallHook | undefined {
  const reader = options.confidence
  if (reader === undefined) return undefined
  const { added } = reader
  return async (request, handler) => {
    const tools = request.tools.map((tool) => unguarded(tool, options.lelu))
    const shown = added === undefined ? tools : tools.map((tool) => withField(tool, added))
    const message = await handler({ ...request, tools: shown as typeof request.tools })
    if (!isAIMessage(message as BaseMessage)) return message
    const answer = message as AIMessage
    // Not by assignment: what a checkpointer stores are the fields that the message was made of.
    if (answer.id === undefined) answer._updateId(randomUUID())
    const { signal } = request.runtime
    const system = request.systemMessage.text === '' ? [] : [request.systemMessage]
    const question: Question = { messages: [...system, ...request.messages], tools }
    await Promise.all(
      (answer.tool_calls ?? []).map(async (call) => {
        const { input, reported } = takeField(call.args, added)
        call.args = input
        const evidence = (): CallEvidence => ({
          ...freshEvidence(answer, call),
          ...(reported !== undefined && { reported }),
          ...(signal !== undefined && { signal }),
          ask: (model, ended) => askModel(model, question, ended),
        })
        const found = await readConfidence(reader, evidence)
        signals.keep(answer, call, found)
      }),
    )
    return answer
  }
}
