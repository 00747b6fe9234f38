import type { CallbackManagerForToolRun } from '@langchain/core/callbacks/manager'
import type { Json } from '@lelu/engine'
import { type CallableTool, callTool, type InnerCall, isCallable } from './bind-tool.ts'
import { LeluLangChainError } from './errors.ts'
import { guardCall } from './guard-call.ts'
import type { GuardedCall, GuardOptions } from './options.ts'
import { checkOptions } from './options.ts'
import { guardedCall, type RawCall } from './place.ts'
import { type ToolOutput, toOutput } from './tool-output.ts'
import { takeTurn } from './turn.ts'
import { rememberGuarded, unguarded } from './unguarded.ts'

/** What the config of a tool carries when a graph calls it. */
function callFrom(config: Record<string, unknown>): GuardedCall {
  const { toolCall, configurable, context, signal, state } = config as Partial<RawCall> & {
    state?: unknown
  }
  const messages = Array.isArray(state)
    ? state
    : (state as { messages?: unknown } | undefined)?.messages
  return guardedCall({ toolCall, messages, configurable, context, signal })
}

/** The end of a tool that yields: its events go out as the framework would send them, the last value is the result. */
async function settle(
  raw: unknown,
  runManager: CallbackManagerForToolRun | undefined,
): Promise<unknown> {
  const value = await raw
  if (typeof value !== 'object' || value === null || !(Symbol.asyncIterator in value)) return value
  if (!('next' in value)) return value
  const events = value as AsyncGenerator<unknown, unknown>
  for (;;) {
    const { done, value: event } = await events.next()
    if (done) return event
    await runManager?.handleToolEvent(event)
  }
}

/**
 * The same tool, decided at its very inside: behind all middleware, and in a plain `ToolNode` as well. Name,
 * description, schema and type stay. Needs a graph with a checkpointer and a `thread_id`
 * (`LELU_CHECKPOINTER_MISSING`). Object spread of the result copies nothing; pass it on as it is.
 */
export function guardTool<T>(tool: T, options: GuardOptions): T {
  checkOptions(options)
  if (!isCallable(tool)) {
    throw new LeluLangChainError(
      'LELU_TOOL_UNSUPPORTED',
      'This is not a tool: it cannot be guarded from the inside.',
      {
        help: 'Pass what tool() or a StructuredTool class makes, or guard the agent with leluMiddleware().',
      },
    )
  }
  const inside: CallableTool = unguarded(tool, options.lelu)
  const guardedInner: InnerCall = async (input, runManager, config) => {
    const call = callFrom(config)
    const run = async (stored: Json): Promise<ToolOutput> => {
      const raw = await settle(callTool(inside, stored, runManager, config), runManager)
      return toOutput(raw, inside, call.toolCall)
    }
    const decided = input === undefined ? null : (input as Json)
    const result = await takeTurn(call, (turn) =>
      guardCall({ options, call, turn, tool: inside, input: decided, run }),
    )
    if (result.status === 'threw') throw result.error
    // The framework takes a pair apart and passes a message on as it is.
    return inside.responseFormat === 'content_and_artifact'
      ? [result.output, undefined]
      : result.output
  }
  const guarded = Object.create(inside, { _call: { value: guardedInner } }) as T & object
  rememberGuarded(guarded, inside, options.lelu)
  return guarded
}
