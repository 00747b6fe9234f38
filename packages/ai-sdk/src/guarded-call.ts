import { type AdapterCall, asInput, type ConfidenceSignal } from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import { type GuardedCall, runOf } from './options.ts'
import { asksItself } from './own-gate.ts'
import { placeOf } from './place.ts'
import type { GuardState } from './state.ts'
import { type AnyTool, jsonSchemaOf } from './tool-input.ts'

export type CallView = {
  toolCall: { toolCallId: string; toolName: string; input: unknown }
  messages: ModelMessage[]
  runtimeContext: unknown
  tool: AnyTool
  /** What the run passes to this tool beside its input. */
  toolContext: unknown
  signal?: AbortSignal | undefined
  /** What was read when the model answered; undefined when nothing was. */
  answer?: { signal: ConfidenceSignal | undefined } | undefined
  /** Its name, where another tool calls it: the history says nothing of it. */
  innerId?: string | undefined
}

export type AskedCall = AdapterCall<GuardedCall> & {
  /** The SDK takes it up from the history, which says that it was approved. */
  woken: boolean
  /** Its tool asks for an approval of its own, which is the SDK's to get and the app's to give. */
  gated: boolean
}

/** One call as the engine is asked about it, the same whoever asks. */
export async function guardedCall(
  { options }: GuardState,
  { toolCall, messages, runtimeContext, tool, toolContext, signal, answer, innerId }: CallView,
): Promise<AskedCall> {
  const { toolCallId, toolName, input } = toolCall
  const context: GuardedCall = {
    toolCall: { toolCallId, toolName, input },
    messages,
    runtimeContext,
  }
  const place = placeOf(messages, toolCallId)
  const id = innerId ?? place.id
  const woken = innerId === undefined && place.resumed
  const gated = await asksItself(tool, input, {
    toolCallId,
    messages,
    context: toolContext as never,
  })
  const schema = await jsonSchemaOf(tool)
  const given = asInput(input)
  return {
    context,
    id,
    run: await runOf(options, context),
    tool: toolName,
    input: given,
    woken,
    gated,
    // What its own gate held up has no record here, and is decided as if it were new.
    resumed: woken && !gated,
    ...(schema !== undefined && { schema }),
    ...(signal !== undefined && { signal }),
    ...(answer?.signal !== undefined && { confidence: answer.signal }),
    // A history is no evidence of what a model was sure of.
    ...(answer === undefined &&
      !woken && {
        evidence: () => ({ call: { id: toolCallId, tool: toolName, input: given } }),
      }),
  }
}
