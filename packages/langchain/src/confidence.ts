import { randomUUID } from 'node:crypto'
import { type AIMessage, type ToolCall, ToolMessage } from '@langchain/core/messages'
import {
  type CallEvidence,
  type ConfidenceSignal,
  type Json,
  readConfidence,
  takeField,
} from '@lelu/engine/adapter'
import type { WrapModelCallHook } from 'langchain'
import { textOf } from './call-text.ts'
import { answersIn } from './cut-off.ts'
import { keepNewest } from './keep-newest.ts'
import type { GuardedCall, GuardOptions } from './options.ts'
import { threadOf } from './place.ts'
import { answeredCalls, askModel, type Question, withoutEffects } from './second-opinion.ts'
import { showField } from './shown-field.ts'
import { unguarded } from './unguarded.ts'

type AnsweredCallPlace = Pick<GuardedCall, 'message' | 'configurable'> & { toolCall: ToolCall }

/** The signals of calls that were just answered; a call of another process, or of a forged message, is not among them. */
export type AnsweredSignals = {
  of(call: AnsweredCallPlace): { signal?: ConfidenceSignal } | undefined
  keep(call: AnsweredCallPlace, signal: ConfidenceSignal | undefined): void
}

/**
 * Kept in memory and not in the message: whoever can write to a thread could write a high confidence into it. The
 * whole call is part of the key, so that one that was changed since has no signal, and so is its thread: a message
 * that is copied into another one brings none along.
 */
export function answeredSignals(): AnsweredSignals {
  const kept = new Map<string, { signal?: ConfidenceSignal }>()
  const keyOf = ({ message, toolCall: { id, name, args }, configurable }: AnsweredCallPlace) =>
    JSON.stringify([...threadOf(configurable), message?.id, id, name, args])
  return {
    of: (call) => (call.message === undefined ? undefined : kept.get(keyOf(call))),
    keep: (call, signal) => keepNewest(kept, keyOf(call), signal === undefined ? {} : { signal }),
  }
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
    // A copy: a reader that leaves out a field for a judge must not take it from the tool.
    call: {
      id,
      tool: name,
      input: structuredClone(args) as Json,
      ...(text !== undefined && { text }),
    },
    ...(typeof model === 'string' && { model }),
    ...(message !== undefined && { raw: message }),
  }
}

/** Gives the answer an id where the provider gave it none: its calls are named by it, here and in the thread. */
export function giveId(answer: AIMessage): void {
  // Not by assignment: what a checkpointer stores are the fields that the message was made of.
  if (answer.id === undefined) answer._updateId(randomUUID())
}

/** The evidence of a message that the model has answered right now. */
function freshEvidence(message: AIMessage, call: ToolCall): CallEvidence {
  const { logprobs } = message.response_metadata as { logprobs?: unknown }
  const found = logprobs !== undefined && logprobs !== null ? { logprobs } : {}
  return { ...evidenceOf(message, call), ...found }
}

/** The calls that are answered already: by one, a model gives its structured response. */
function answeredIn(answer: unknown): ReadonlySet<string | undefined> {
  const { messages } = (answer ?? {}) as { messages?: unknown }
  const found: unknown[] = Array.isArray(messages) ? messages : []
  return new Set(
    found.filter((one) => ToolMessage.isInstance(one)).map(({ tool_call_id }) => tool_call_id),
  )
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
    const shown = showField(tools, added)
    const answer = await handler({ ...request, tools: shown.tools as typeof request.tools })
    const { configurable = {}, signal } = request.runtime
    const system = request.systemMessage.text === '' ? [] : [request.systemMessage]
    const asked: Question = { messages: [...system, ...request.messages], tools }
    const question = withoutEffects(asked)
    const ask: CallEvidence['ask'] =
      question && ((model, ended) => askModel(model, question, ended))
    const done = answeredIn(answer)
    const reading = answersIn(answer).map(async (message) => {
      giveId(message)
      const calls = message.tool_calls ?? []
      const each = calls.map(async (call, at) => {
        if (done.has(call.id)) return
        const field = shown.withField.has(call.name) ? added : undefined
        const { input, reported } = takeField(call.args, field)
        call.args = input
        const evidence = (): CallEvidence => ({
          ...freshEvidence(message, call),
          ...(reported !== undefined && { reported }),
          ...(signal !== undefined && { signal }),
          before: answeredCalls(calls.slice(0, at)),
          ...(ask && { ask }),
        })
        const found = await readConfidence(reader, evidence, options.confidenceMs)
        signals.keep({ message, toolCall: call, configurable }, found)
      })
      await Promise.all(each)
    })
    await Promise.all(reading)
    return answer
  }
}
