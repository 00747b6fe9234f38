import {
  checkGuardOptions,
  invalidOptions,
  type Lelu,
  LeluError,
  type PerCall,
  type GuardOptions as SharedOptions,
} from '@lelu/engine/adapter'
import type { ModelMessage, ToolSet } from 'ai'

/** One tool call as the SDK hands it over: what the functions among the options may read. */
export type GuardedCall<Context = unknown> = {
  /** `input` is what the tool's schema made of the model's arguments. */
  toolCall: { toolCallId: string; toolName: string; input: unknown }
  /** What the model was asked with. In a chat it is the client's: take no identity from it. */
  messages: readonly ModelMessage[]
  /** The run's `runtimeContext`; undefined where the SDK does not say it, as without `toolApproval`. */
  runtimeContext: Context
}

/** Of `createAiGuard`. `lelu`, `run` and `subject` are needed. */
export type AiGuardOptions<Context = unknown> = SharedOptions<GuardedCall<Context>> & {
  lelu: Pick<Lelu, 'guard' | 'approvals' | 'decide'> & Partial<Pick<Lelu, 'closing'>>
  /** Names the conversation, the same whenever it goes on. From your own session, never from its messages. */
  run: PerCall<string, GuardedCall<Context>>
}

/** What `settle` and its like know of a run beside its messages: pass what you pass to the model. */
export type RunContext<Context = unknown> = { runtimeContext?: Context }

/** `tools`: how each shows its result to the model. Left out, a result is told as it is. */
export type AbandonedContext<Context = unknown> = RunContext<Context> & { tools?: ToolSet }

/** Throws `LELU_OPTIONS_INVALID` with what to do, for a missing, misspelt or wrong option. */
export function checkOptions(options: AiGuardOptions<never>): void {
  checkGuardOptions(options, ['run'])
  const { run, lelu } = options
  if (typeof run !== 'function' && (typeof run !== 'string' || run === '')) {
    const help =
      'Pass the id of the conversation, or a function such as ({ runtimeContext }) => id.'
    throw invalidOptions('The option `run` is missing.', help)
  }
  if (typeof lelu.decide !== 'function') {
    const help = 'Pass the engine: await createLelu({ policies }).'
    throw invalidOptions('The option `lelu` is not an engine.', help)
  }
}

/** Throws `LELU_OPTIONS_INVALID` for the name of a model: what the SDK would make of it depends on the app. */
export function checkModel(model: unknown): void {
  if (typeof (model as { doGenerate?: unknown } | null | undefined)?.doGenerate === 'function')
    return
  throw invalidOptions(
    'guard.model was given no model.',
    'Pass the model object of a provider, such as openai(id), or gateway(id) for the name of a model.',
  )
}

/** The run of a call. Throws `LELU_RUN_MISSING` when the option names none, or reads a runtimeContext that is not there. */
export async function runOf<Context>(
  { run }: AiGuardOptions<Context>,
  call: GuardedCall<Context>,
): Promise<string> {
  let name: unknown
  try {
    name = typeof run === 'function' ? await run(call) : run
  } catch (cause) {
    // Its own failures are its own; this one is of what was left out of the call of the SDK.
    if (cause instanceof TypeError && lacksContext(call)) throw runMissing(call, cause)
    throw cause
  }
  if (typeof name === 'string' && name !== '') return name
  throw runMissing(call)
}

/** The SDK hands on an empty object where no `runtimeContext` was passed, and nothing without `toolApproval`. */
function lacksContext({ runtimeContext: context }: GuardedCall): boolean {
  if (typeof context !== 'object') return context === undefined
  return context === null || Object.keys(context).length === 0
}

function runMissing(call: GuardedCall, cause?: unknown): LeluError {
  const help = lacksContext(call)
    ? 'Pass `runtimeContext` and `toolApproval: guard.toolApproval()` to generateText, and the runtimeContext to `settle` and `pending` too.'
    : 'Answer a text that names the conversation.'
  const message = 'The option `run` named no run. No tool was run.'
  return new LeluError('LELU_RUN_MISSING', message, { help, cause })
}
