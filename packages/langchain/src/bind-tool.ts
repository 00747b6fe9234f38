import type { ToolCall } from '@langchain/core/messages'
import type { RunnableToolLike } from '@langchain/core/runnables'
import { isRunnableToolLike } from '@langchain/core/utils/function_calling'
import { isSameInput, type Json, LeluError } from '@lelu/engine/adapter'
import { begun, type CallableTool, callTool, type InnerCall, isCallable } from './callable-tool.ts'
import { isCoreTool } from './core-tool.ts'
import { handDown } from './nested-call.ts'
import { parseInput } from './tool-input.ts'

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

/** Whether what a tool does in an `invoke` or a `call` of its own may be done on the tool itself: it parses once more. */
async function runsOnItself(tool: CallableTool, input: Json, call: ToolCall): Promise<boolean> {
  if (isCoreTool(tool)) return false
  const again = await parseInput(tool, call.args)
  return again.valid && isSameInput(again.input, input)
}

/** One permission to run a tool on this input. */
export type Permission = {
  input: Json
  /** The call as the tool is handed it. */
  call: ToolCall
  /** A person approved it, and it has used the approval up. */
  isApproved: boolean
}

/** The schema is taken away, for the input is parsed already and a transform must not be applied twice. */
function bindCallable(tool: CallableTool, { input, call, isApproved }: Permission): CallableTool {
  const [invoked, called] = [onlyOnce(tool.name), onlyOnce(tool.name)]
  const inner: InnerCall = (_arguments, runManager, config) => {
    called()
    return callTool(tool, input, runManager, isApproved ? begun(config) : config)
  }
  const invoke: CallableTool['invoke'] = async (_given, given) => {
    invoked()
    const config = isApproved ? begun(given) : given
    // A class may do its work in an `invoke` of its own, with its schema and with `#private` members: only it has those.
    if (await runsOnItself(tool, input, call)) return tool.invoke(handDown(call), config)
    return tool.invoke.call(bound, call, config)
  }
  const bound: CallableTool = Object.create(tool, {
    schema: { value: {} },
    _call: { value: inner },
    invoke: { value: invoke },
  })
  return bound
}

function bindRunnable(tool: RunnableToolLike, { input, isApproved }: Permission): RunnableToolLike {
  const invoked = onlyOnce(tool.name)
  const invoke: RunnableToolLike['invoke'] = (_given, config) => {
    invoked()
    // It parses the arguments of a tool call alone: what is handed over bare runs as it stands.
    return tool.invoke(input, isApproved && config !== undefined ? begun(config) : config)
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
export function bindTool(tool: BindableTool, permission: Permission): BindableTool {
  return isCallable(tool) ? bindCallable(tool, permission) : bindRunnable(tool, permission)
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
