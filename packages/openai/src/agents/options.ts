import {
  checkGuardOptions,
  type GuardOptions,
  invalidOptions,
  type Json,
  LeluError,
  type PerCall,
} from '@lelu/engine/adapter'
import type { RunContext } from '@openai/agents'

/** One function call as the SDK hands it over: what the functions among the options may read. */
export type GuardedCall<Context = unknown> = {
  tool: string
  /** Where the tool was put with `toolNamespace()`: tools of two namespaces may share a name. */
  namespace?: string
  /** The model's id of the call. Models reuse ids, so it names no call on its own. */
  callId: string
  /** As the model wrote it: not parsed with the tool's schema yet. */
  input: Json
  /** What the host passed to `run` as `context`. */
  context: Context
  runContext: RunContext<Context>
}

/** Of all functions of this entry: the same everywhere. `lelu`, `run` and `subject` are needed. */
export type AgentGuardOptions<Context = unknown> = GuardOptions<GuardedCall<Context>> & {
  /** Names the conversation in records and approvals, the same whenever it goes on. Not from the model. */
  run: PerCall<string, GuardedCall<Context>>
}

/** Throws `LELU_OPTIONS_INVALID` with what to do, for a missing, misspelt or wrong option. */
export function checkOptions(options: AgentGuardOptions<never>): void {
  checkGuardOptions(options, ['run'])
  const { run } = options
  if (typeof run === 'function' || (typeof run === 'string' && run !== '')) return
  throw invalidOptions(
    'The option `run` is missing.',
    'Name the conversation, such as (call) => call.context.conversationId.',
  )
}

/** Where the store keeps the approvals of a call. */
export type Place = { run: string; tenant?: string }

/** The place of a call, as the options name it. Throws `LELU_RUN_MISSING`. */
export async function placeOf(options: AgentGuardOptions, call: GuardedCall): Promise<Place> {
  const run = typeof options.run === 'function' ? await options.run(call) : options.run
  if (typeof run !== 'string' || run === '') {
    throw new LeluError('LELU_RUN_MISSING', 'The option `run` named no run. No tool was run.', {
      help: 'Answer a text that names the conversation, the same whenever it goes on.',
    })
  }
  const tenant = typeof options.tenant === 'function' ? await options.tenant(call) : options.tenant
  return { run, ...(tenant !== undefined && { tenant }) }
}
