import type { CallbackManagerForToolRun } from '@langchain/core/callbacks/manager'
import { type Json, LeluError } from '@lelu/engine/adapter'

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
  _call: InnerCall
}

/** Whether the tool has the inner method that takes the parsed input. */
export function isCallable(tool: unknown): tool is CallableTool {
  return (
    typeof tool === 'object' && tool !== null && typeof (tool as CallableTool)._call === 'function'
  )
}

/** Calls the tool itself on the stored input. `null` stands for a tool that was called with nothing. */
export function callTool(
  tool: CallableTool,
  input: Json,
  ...rest: [CallbackManagerForToolRun | undefined, Record<string, unknown>]
): unknown {
  return tool._call(input ?? undefined, ...rest)
}

/**
 * The tool for one permission: it runs once, and on the stored input whatever arguments it is handed. Against
 * middleware behind this one that changes the arguments after the decision, or calls the tool again.
 * The schema is taken away, for the input is parsed already and a transform must not be applied twice.
 */
export function bindTool<T extends CallableTool>(tool: T, input: Json): T {
  let used = false
  const boundCall: InnerCall = (_arguments, runManager, config) => {
    if (used) {
      throw new LeluError(
        'LELU_CALL_REPEATED',
        `The tool ${tool.name} was called again on one permission. It was not run again.`,
        {
          help: 'Put middleware that repeats calls before leluMiddleware, so that each try is decided.',
        },
      )
    }
    used = true
    return callTool(tool, input, runManager, config)
  }
  return Object.create(tool, { schema: { value: {} }, _call: { value: boundCall } }) as T
}

/** The tool for arguments that its schema refuses: the framework words the error, and nothing can run. */
export function neverRuns<T extends CallableTool>(tool: T): T {
  const refuse: InnerCall = () => {
    throw new LeluError(
      'LELU_CALL_INVALID',
      `The arguments for ${tool.name} do not pass its schema. The tool was not run.`,
      { help: 'Correct the arguments.' },
    )
  }
  return Object.create(tool, { _call: { value: refuse } }) as T
}
