import type { CallbackManagerForToolRun } from '@langchain/core/callbacks/manager'
import { type AddedField, asInput, isSameInput, type Json, takeField } from '@lelu/engine/adapter'
import { begun, type CallableTool, callTool, type InnerCall } from './callable-tool.ts'
import { assertCoreTool } from './core-tool.ts'
import { isOutage } from './engine-error.ts'
import { failNode } from './fail-node.ts'
import { type CallResult, guardCall } from './guard-call.ts'
import { isNested, nestedName, repeatName } from './nested-call.ts'
import type { GuardedCall, GuardOptions } from './options.ts'
import { checkOptions } from './options.ts'
import { guardedCall, type RawCall } from './place.ts'
import { schemaWith } from './shown-field.ts'
import { argsOf } from './tool-input.ts'
import { type ToolOutput, toOutput } from './tool-output.ts'
import { takeTurn } from './turn.ts'
import { rememberGuarded, unguarded } from './unguarded.ts'

/** `executionInfo` is LangGraph's: the first attempt is 1, and a retry the next one. */
type ToolConfig = Partial<RawCall> & { executionInfo?: { nodeAttempt?: number } }

/** The messages of the graph. Where nobody passes them on, they are in what the task was started with. */
function messagesOf({ state, configurable }: Partial<RawCall> & { state?: unknown }): unknown {
  type Scratchpad = { currentTaskInput?: unknown } | undefined
  const { currentTaskInput } = (configurable?.__pregel_scratchpad as Scratchpad) ?? {}
  const given = state ?? currentTaskInput
  return Array.isArray(given) ? given : (given as { messages?: unknown } | undefined)?.messages
}

/**
 * What the config of a tool carries when a graph calls it. The name that is decided on is always the tool's own: a
 * config that is passed on carries the call of another tool, which may be allowed more.
 */
function callFrom(
  config: Record<string, unknown>,
  { name }: CallableTool,
  input: Json,
  options: GuardOptions,
): GuardedCall {
  const { toolCall, configurable, context, signal, executionInfo } = config as ToolConfig
  const messages = messagesOf(config)
  const raw = { messages, configurable, context, signal }
  const attempt = executionInfo?.nodeAttempt
  if (toolCall === undefined || !isNested(toolCall, name)) {
    const call = guardedCall({ ...raw, toolCall }, options)
    const repeat = repeatName(call, attempt)
    return repeat === undefined ? call : { ...call, nested: repeat }
  }
  const own = { ...toolCall, name, args: argsOf(input) }
  const call = guardedCall({ ...raw, toolCall: own }, options)
  return { ...call, nested: nestedName(call, input, { toolCall, attempt }) }
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

/** The inside of a guarded tool: it gets what the framework parsed with the tool's own schema. */
function guardedCallOf(inside: CallableTool, options: GuardOptions, reported?: unknown): InnerCall {
  return async (given, runManager, config) => {
    const input = asInput(given)
    const result = await decided(input).catch((error) => {
      throw failNode(error, config.configurable as GuardedCall['configurable'] | undefined)
    })
    if (result.status === 'threw') {
      throw isOutage(result.error)
        ? failNode(result.error, config.configurable as never)
        : result.error
    }
    // The framework takes a pair apart and passes a message on as it is.
    return inside.responseFormat === 'content_and_artifact'
      ? [result.output, undefined]
      : result.output

    async function decided(input: Json): Promise<CallResult> {
      const call = callFrom(config, inside, input, options)
      const run = async (stored: Json, isApproved: boolean): Promise<ToolOutput> => {
        // A tool may read its call of the config: after a reviewer's edit, it must not find the old input there.
        const own = call.nested !== undefined || !isSameInput(stored, input)
        const toolCall = own ? { ...call.toolCall, args: argsOf(stored) } : config.toolCall
        const given = { ...(isApproved ? begun(config) : config), toolCall }
        const ran = callTool(inside, stored, runManager, given, call.nested)
        const raw = await settle(ran, runManager)
        return toOutput(raw, inside, call.toolCall)
      }
      // A call of a body has no arguments of its own: what it was made with is parsed already.
      const args = isNested(config.toolCall as RawCall['toolCall'], inside.name)
        ? undefined
        : call.toolCall.args
      return takeTurn(call, (turn) =>
        guardCall({ options, call, turn, tool: inside, args, input, reported, run }),
      )
    }
  }
}

/** A tool that shows one more field than it has: taken out here, before the framework parses with the tool's schema. */
function withField(inside: CallableTool, options: GuardOptions, field: AddedField) {
  return {
    schema: { value: schemaWith(inside, field) },
    call: {
      value(given: unknown, ...rest: unknown[]): unknown {
        const { input, reported } = takeField(given, field)
        const guarded = guardedCallOf(inside, options, reported)
        const tool = Object.create(inside, { _call: { value: guarded } })
        return (tool as { call(...given: unknown[]): unknown }).call(input, ...rest)
      },
    },
  }
}

/**
 * The same tool, decided at its very inside: behind all middleware, and in a plain `ToolNode` as well. Name,
 * description, schema and type stay. Needs a graph with a checkpointer and a `thread_id` (`LELU_CHECKPOINTER_MISSING`), and
 * a tool that does its work in `_call` (`LELU_TOOL_UNSUPPORTED`). Spread of the result copies nothing; pass it on as it is.
 */
export function guardTool<T>(tool: T, options: GuardOptions): T {
  checkOptions(options)
  const inside = unguarded(tool, options.lelu)
  assertCoreTool(inside)
  const added = options.confidence?.added
  const guarded = Object.create(inside, {
    _call: { value: guardedCallOf(inside, options) },
    ...(added !== undefined && withField(inside, options, added)),
  }) as T & object
  rememberGuarded(guarded, inside, options.lelu)
  return guarded
}

/** `guardTool` for a list of tools; the types of the list stay, and one written here is as mutable as LangChain wants it. */
export function guardTools<const T extends unknown[] | readonly unknown[]>(
  tools: T,
  options: GuardOptions,
): T {
  return tools.map((tool) => guardTool(tool, options)) as unknown as T
}
