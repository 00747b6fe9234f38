import type { AdapterCall, ConfidenceSignal } from '@lelu/engine/adapter'
import type { ModelMessage, ToolSet } from 'ai'
import { placeOf } from './history.ts'
import { type GuardedCall, runOf } from './options.ts'
import type { GuardState } from './state.ts'
import { asInput, jsonSchemaOf } from './tool-input.ts'

/** A tool of the app, of whatever input and output. */
export type AnyTool = ToolSet[string]

export type CallView = {
  toolCall: { toolCallId: string; toolName: string; input: unknown }
  messages: readonly ModelMessage[]
  runtimeContext: unknown
  tool: AnyTool
  signal?: AbortSignal | undefined
  /** What was read when the model answered; undefined when nothing was. */
  answer?: { signal: ConfidenceSignal | undefined } | undefined
}

/** One call as the engine is asked about it, the same whoever asks. */
export async function guardedCall(
  { options }: GuardState,
  { toolCall, messages, runtimeContext, tool, signal, answer }: CallView,
): Promise<AdapterCall<GuardedCall>> {
  const { toolCallId, toolName, input } = toolCall
  const context: GuardedCall = {
    toolCall: { toolCallId, toolName, input },
    messages,
    runtimeContext,
  }
  const { id, resumed } = placeOf(messages, toolCallId)
  const schema = await jsonSchemaOf(tool)
  const given = asInput(input)
  return {
    context,
    id,
    run: await runOf(options, context),
    tool: toolName,
    input: given,
    resumed,
    ...(schema !== undefined && { schema }),
    ...(signal !== undefined && { signal }),
    ...(answer?.signal !== undefined && { confidence: answer.signal }),
    // A history is no evidence of what a model was sure of.
    ...(answer === undefined &&
      !resumed && {
        evidence: () => ({ call: { id: toolCallId, tool: toolName, input: given } }),
      }),
  }
}
