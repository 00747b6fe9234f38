import type { Streamed } from '@lelu/testing'
import {
  generateText as generate,
  isStepCount,
  type LanguageModel,
  type ModelMessage,
  streamText as stream,
  type TextStreamPart,
  ToolLoopAgent,
  type ToolSet,
} from 'ai'
import type { ToolApproval } from '../src/index.ts'

export type Context = { chat: string }

export type Settings = {
  model: LanguageModel
  tools: ToolSet
  messages: ModelMessage[]
  runtimeContext: Context
  abortSignal?: AbortSignal
  toolApproval?: ToolApproval
}

/** The messages that a run adds, its last words, and what was seen of it while it went on. */
type Ran = { messages: ModelMessage[]; text: string; streamed?: Streamed }

/** One of the SDK's loops. */
export type Loop = (settings: Settings) => Promise<Ran>

const stopWhen = isStepCount(20)

/** Reads a stream to its end. What the SDK answers by itself, without a person, is no call that waits. */
async function watch(parts: AsyncIterable<TextStreamPart<ToolSet>>): Promise<Streamed> {
  const seen = { calls: new Set<string>(), waiting: new Set<string>(), answered: new Set<string>() }
  for await (const part of parts) {
    if (part.type === 'tool-call') seen.calls.add(part.toolCallId)
    if (part.type === 'tool-approval-request' && part.isAutomatic !== true)
      seen.waiting.add(part.toolCall.toolCallId)
    if (part.type === 'tool-error' || part.type === 'tool-output-denied')
      seen.answered.add(part.toolCallId)
    if (part.type === 'tool-result' && part.preliminary !== true) seen.answered.add(part.toolCallId)
  }
  const { calls, waiting, answered } = seen
  return { calls: [...calls], waiting: [...waiting], answered: [...answered] }
}

export const generateText: Loop = async (settings) => {
  const result = await generate({ ...settings, stopWhen, maxRetries: 0 })
  return { messages: result.responseMessages, text: result.text }
}

export const streamText: Loop = async (settings) => {
  let failure: { error: unknown } | undefined
  const result = stream({
    ...settings,
    stopWhen,
    maxRetries: 0,
    onError: ({ error }) => {
      failure ??= { error }
    },
  })
  const streamed = await watch(result.stream)
  if (failure !== undefined) throw failure.error
  return { messages: await result.responseMessages, text: await result.text, streamed }
}

export const toolLoopAgent: Loop = async ({ messages, abortSignal, ...settings }) => {
  const agent = new ToolLoopAgent({ ...settings, stopWhen, maxRetries: 0 })
  const result = await agent.generate({ messages, ...(abortSignal && { abortSignal }) })
  return { messages: result.responseMessages, text: result.text }
}
