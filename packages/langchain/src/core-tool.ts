import * as imported from '@langchain/core/tools'
import { LeluError } from '@lelu/engine/adapter'
import { type CallableTool, isCallable } from './callable-tool.ts'
import { required } from './required.ts'

type Core = Pick<
  typeof imported,
  'StructuredTool' | 'Tool' | 'DynamicTool' | 'DynamicStructuredTool'
>

const methodsOf = (core: Core, name: 'invoke' | 'call'): readonly unknown[] =>
  [core.StructuredTool, core.Tool, core.DynamicTool, core.DynamicStructuredTool].map(
    ({ prototype }) => prototype[name],
  )

function unsupported(message: string, help: string, cause?: unknown): LeluError {
  return new LeluError('LELU_TOOL_UNSUPPORTED', message, { help, cause })
}

/** Whether everything the tool does is in its `_call`, behind the schema. Not so for a class with an `invoke` of its own. */
export function isCoreTool(tool: unknown): tool is CallableTool {
  if (!isCallable(tool)) return false
  const { invoke, call } = tool as { invoke?: unknown; call?: unknown }
  const isOf = (core: Core | undefined): boolean =>
    core !== undefined &&
    methodsOf(core, 'invoke').includes(invoke) &&
    methodsOf(core, 'call').includes(call)
  return isOf(imported) || isOf(required('@langchain/core/tools'))
}

/** What a framework reads of a tool before it calls it. */
function readDescription({ name, description, schema }: CallableTool): unknown {
  return [name, description, schema]
}

/**
 * Throws `LELU_TOOL_UNSUPPORTED` unless everything the tool does is in its `_call`, the one method that `guardTool`
 * replaces. What a class does in an `invoke` or a `call` of its own would be past every decision.
 */
export function assertCoreTool(tool: unknown): asserts tool is CallableTool {
  if (!isCallable(tool)) {
    throw unsupported(
      'This is not a tool: it cannot be guarded from the inside.',
      'Pass what tool() or a StructuredTool class makes, or guard the agent with leluMiddleware().',
    )
  }
  if (!isCoreTool(tool)) {
    throw unsupported(
      'This tool cannot be guarded from the inside: its `invoke` or `call` is not the one of @langchain/core.',
      'Let the class override `_call` alone, or guard the agent with leluMiddleware(). A tool that is made by tool() is of another version of @langchain/core: install one.',
    )
  }
  try {
    readDescription(Object.create(tool))
  } catch (cause) {
    throw unsupported(
      'This tool cannot be guarded from the inside: its name, description or schema reads a private field.',
      'Keep them in public fields, or guard the agent with leluMiddleware().',
      cause,
    )
  }
}
