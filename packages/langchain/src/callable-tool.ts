import type { CallbackManagerForToolRun } from '@langchain/core/callbacks/manager'
import type { Json } from '@lelu/engine/adapter'
import { handDown } from './nested-call.ts'

/** The inner method of LangChain's structured tools: it gets the parsed input. */
export type InnerCall = (
  input: unknown,
  runManager: CallbackManagerForToolRun | undefined,
  config: Record<string, unknown>,
) => unknown

export type CallableTool = {
  name: string
  description?: string
  schema?: unknown
  responseFormat?: string
  metadata?: Record<string, unknown>
  invoke(given: unknown, config: Record<string, unknown>): unknown
  _call: InnerCall
}

/** Whether the tool has the inner method that takes the parsed input. */
export function isCallable(tool: unknown): tool is CallableTool {
  if (typeof tool !== 'object' || tool === null) return false
  const { invoke, _call } = tool as Partial<CallableTool>
  return typeof invoke === 'function' && typeof _call === 'function'
}

/**
 * The config of a call on an approval. A tool that finds its run aborted does not begin, and the approval is used up by
 * then: nobody could tell that it did not run, nor ask again. So it begins, and its result is kept.
 */
export function begun<Config extends { signal?: unknown }>(config: Config): Config {
  const { aborted } = (config.signal ?? {}) as Partial<AbortSignal>
  // Not left out: LangChain would take the one of the node instead.
  return aborted === true ? { ...config, signal: new AbortController().signal } : config
}

/**
 * Calls the tool itself on the stored input. `null` stands for a tool that was called with nothing. `nested` names the
 * call where it is one of a body.
 */
export function callTool(
  tool: CallableTool,
  input: Json,
  runManager: CallbackManagerForToolRun | undefined,
  config: Record<string, unknown>,
  nested?: readonly string[],
): unknown {
  const { toolCall } = config
  const own =
    typeof toolCall === 'object' && toolCall !== null
      ? { ...config, toolCall: handDown(toolCall, nested) }
      : config
  return tool._call(input ?? undefined, runManager, own)
}
