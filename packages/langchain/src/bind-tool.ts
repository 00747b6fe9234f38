import type { CallbackManagerForToolRun } from '@langchain/core/callbacks/manager'
import type { ToolCall } from '@langchain/core/messages'
import type { RunnableToolLike } from '@langchain/core/runnables'
import { isRunnableToolLike } from '@langchain/core/utils/function_calling'
import { type Json, LeluError } from '@lelu/engine/adapter'
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

/** The first use of a permission passes, every further one throws. */
function onlyOnce(tool: string): () => void {
  let used = false
  return () => {
    if (used) {
      throw new LeluError(
        'LELU_CALL_REPEATED',
        `The tool ${tool} was called again on one permission. It was not run again.`,
        {
          help: 'Put middleware that repeats calls before leluMiddleware, so that each try is decided.',
        },
      )
    }
    used = true
  }
}

/** The schema is taken away, for the input is parsed already and a transform must not be applied twice. */
function bindCallable(tool: CallableTool, input: Json, call: ToolCall): CallableTool {
  const [invoked, called] = [onlyOnce(tool.name), onlyOnce(tool.name)]
  const inner: InnerCall = (_arguments, runManager, config) => {
    called()
    return callTool(tool, input, runManager, config)
  }
  // A class may do its work in an `invoke` of its own, and never get to the inner call.
  const invoke: CallableTool['invoke'] = (_given, config) => {
    invoked()
    return tool.invoke.call(bound, call, config)
  }
  const bound: CallableTool = Object.create(tool, {
    schema: { value: {} },
    _call: { value: inner },
    invoke: { value: invoke },
  })
  return bound
}

function bindRunnable(tool: RunnableToolLike, input: Json): RunnableToolLike {
  const invoked = onlyOnce(tool.name)
  const invoke: RunnableToolLike['invoke'] = (_given, config) => {
    invoked()
    // It parses the arguments of a tool call alone: what is handed over bare runs as it stands.
    return tool.invoke(input, config)
  }
  return Object.create(tool, { invoke: { value: invoke } })
}

/** A tool that can be bound: `tool()`, a `StructuredTool` class, or a runnable's `asTool()`. */
export type BindableTool = CallableTool | RunnableToolLike

export function isBindable(tool: unknown): tool is BindableTool {
  return isCallable(tool) || isRunnableToolLike(tool)
}

/** False where a runnable would take its input for a tool call, and run what is inside of it. */
export function canBeHanded(tool: BindableTool | undefined, input: Json): boolean {
  if (!isRunnableToolLike(tool)) return true
  const { type } = (input ?? {}) as { type?: unknown }
  return type !== 'tool_call'
}

/**
 * The tool for one permission: it runs once, and on the stored input whatever it is handed. Against middleware behind
 * this one that changes the arguments after the decision, or calls the tool again.
 */
export function bindTool(tool: BindableTool, input: Json, call: ToolCall): BindableTool {
  return isCallable(tool) ? bindCallable(tool, input, call) : bindRunnable(tool, input)
}

/** The tool for arguments that its schema refuses: the framework words the error, and nothing can run. */
export function neverRuns(tool: CallableTool): CallableTool {
  const refuse: InnerCall = () => {
    throw new LeluError(
      'LELU_CALL_INVALID',
      `The arguments for ${tool.name} do not pass its schema. The tool was not run.`,
      { help: 'Correct the arguments.' },
    )
  }
  return Object.create(tool, { _call: { value: refuse } })
}
