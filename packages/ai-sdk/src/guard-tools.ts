import type { Json } from '@lelu/engine/adapter'
import type { ToolSet } from 'ai'
import { boundMembers } from './bound-members.ts'
import { channel } from './channel.ts'
import { type ExecuteOptions, runGuarded } from './run-guarded.ts'
import type { GuardState } from './state.ts'
import type { AnyTool } from './tool-input.ts'

type Execute = (input: unknown, options: ExecuteOptions) => unknown

const AsyncGeneratorFunction = Object.getPrototypeOf(async function* () {}).constructor

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

const searches = Symbol.for('vercel.ai.toolSearch')

/** A search for deferred tools: the SDK puts an `execute` of its own into it for every step, so nothing here can hold. */
export const isToolSearch = (tool: AnyTool | undefined): boolean =>
  (tool as { [searches]?: unknown } | undefined)?.[searches] === true

/**
 * The last value is the result. `onValue` answers false when no more values are wanted: the tool is cut off then, and
 * what it had said by then is no result.
 */
async function drain(
  values: AsyncIterable<unknown>,
  onValue: (value: unknown) => Promise<boolean>,
): Promise<unknown> {
  let last: unknown
  for await (const value of values) {
    last = value
    if (!(await onValue(value))) throw new Error('The tool was ended before it was done.')
  }
  return last
}

function plainExecute(state: GuardState, tool: AnyTool, toolName: string, inner: Execute): Execute {
  return (input, options) =>
    runGuarded(state, {
      tool,
      toolName,
      input,
      options,
      async runTool(stored: Json) {
        const value = Reflect.apply(inner, tool, [stored, options])
        // That a plain function gives an iterable is known too late to show its values as they come.
        return isIterable(value) ? drain(value, async () => true) : value
      },
    })
}

/** Values that the tool yields go out as they come, from inside the run that the engine records. */
function yieldingExecute(
  state: GuardState,
  tool: AnyTool,
  toolName: string,
  inner: Execute,
): Execute {
  return async function* (input, options) {
    const { push, end, values } = channel<unknown>()
    let yielded: { value: unknown } | undefined
    const ending = runGuarded(state, {
      tool,
      toolName,
      input,
      options,
      runTool: (stored: Json) =>
        drain(Reflect.apply(inner, tool, [stored, options]) as AsyncIterable<unknown>, (value) => {
          yielded = { value }
          return push(value)
        }),
    }).finally(end)
    ending.catch(() => {}) // it is awaited below, after the values
    yield* values()
    const output = await ending
    // The result is the last value, unless it is one of an earlier run or has a note for the model.
    if (!Object.is(yielded?.value, output)) yield output
  }
}

type LocalCaller = { type: 'local'; bind(tools: ToolSet): AnyTool }

/** For every step the SDK binds a caller of other tools (code mode) anew: what it executes then is decided too. */
function boundCaller(state: GuardState, toolName: string, tool: AnyTool): PropertyDescriptorMap {
  const { experimental_toolCaller: caller } = tool as { experimental_toolCaller?: LocalCaller }
  if (caller?.type !== 'local') return {}
  const bind = (tools: ToolSet) => guardTool(state, toolName, caller.bind(tools))
  return { experimental_toolCaller: { value: { ...caller, bind } } }
}

function guardTool(state: GuardState, toolName: string, tool: AnyTool): AnyTool {
  const { execute } = tool as { execute?: Execute }
  if (typeof execute !== 'function' || state.guarded.has(execute) || isToolSearch(tool)) {
    return tool
  }
  const wrap = execute instanceof AsyncGeneratorFunction ? yieldingExecute : plainExecute
  const guarded = wrap(state, tool, toolName, execute)
  state.guarded.add(guarded)
  const own = { value: guarded, enumerable: true, writable: true, configurable: true }
  const toModelOutput = { ...own, value: state.notes.toModelOutput(tool) }
  // Not a spread: the SDK and others hide things in properties that a spread does not copy.
  const descriptors = Object.getOwnPropertyDescriptors(tool)
  return Object.create(Object.getPrototypeOf(tool), {
    ...descriptors,
    ...boundMembers(tool),
    ...boundCaller(state, toolName, tool),
    execute: own,
    toModelOutput,
  })
}

/** The same tools, with every `execute` decided by the engine; the types of the set stay. */
export function guardTools<T extends ToolSet>(state: GuardState, tools: T): T {
  const guarded = Object.entries(tools).map(([name, tool]) => [name, guardTool(state, name, tool)])
  return Object.fromEntries(guarded) as T
}

/** The tools that run elsewhere, at the provider or at the client: nothing here can keep them from running. */
export function uncovered(tools: ToolSet): string[] {
  return Object.keys(tools).filter(
    (name) => typeof tools[name]?.execute !== 'function' || isToolSearch(tools[name]),
  )
}
