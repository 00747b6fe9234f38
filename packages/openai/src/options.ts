import {
  checkGuardOptions,
  invalidOptions,
  LeluError,
  type PerCall,
  type GuardOptions as SharedOptions,
  valueFor,
} from '@lelu/engine/adapter'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import type { GuardableTool } from './tool.ts'

/** One call as the model made it: what the functions among the options may read. */
export type GuardedCall = {
  /** As the model gave it: not unique in a conversation. */
  id: string
  tool: string
  /** The label of the server, for a call of a hosted MCP tool. */
  server?: string
  /** The text the model wrote, before anything parsed it. */
  arguments: string
  /** The conversation so far, as it was handed over. */
  history: readonly (ChatCompletionMessageParam | ResponseInputItem)[]
  /** What the host passed as `context`; in `runTools` its `toolContext`. */
  context: unknown
  signal: AbortSignal | undefined
}

/** Of `guardFunctions`. `lelu`, `run`, `subject` and `tools` are needed. */
export type GuardFunctionsOptions = SharedOptions<GuardedCall> & {
  /** Every tool the model may call, with the function that runs it. */
  tools: readonly GuardableTool[]
  /** Names the conversation in records and approvals, the same whenever it goes on. */
  run: PerCall<string, GuardedCall>
}

const filled = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Throws `LELU_OPTIONS_INVALID` with what to do, for a missing, misspelt or wrong option. */
export function checkOptions(options: GuardFunctionsOptions): void {
  checkGuardOptions(options, ['run', 'tools'])
  const { run, tools } = options
  if (typeof run !== 'function' && !filled(run)) {
    throw invalidOptions(
      'The option `run` is missing.',
      "Name the conversation, such as { run: 'order-7' }, or pass a function.",
    )
  }
  if (!Array.isArray(tools)) {
    throw invalidOptions('The option `tools` must be an array.', 'Pass the tools of the model.')
  }
}

/** The run of a call; `LELU_RUN_MISSING` when the option names none. */
export async function runOf({ run }: GuardFunctionsOptions, call: GuardedCall): Promise<string> {
  const named = await valueFor(run, call)
  if (filled(named)) return named
  throw new LeluError('LELU_RUN_MISSING', 'The option `run` named no run. No tool was run.', {
    help: 'Answer a text that names the conversation, the same whenever it goes on.',
  })
}

/**
 * What says that a call is still the same one, for the same caller: two conversations may hold the very same message.
 * Undefined where the options fail; then the decision fails as well, and says why.
 */
export async function sameCall(
  options: GuardFunctionsOptions,
  call: GuardedCall,
  key: string,
): Promise<string | undefined> {
  try {
    const { tenant, subject } = options
    const caller = [runOf(options, call), valueFor(tenant, call), valueFor(subject, call)]
    return JSON.stringify([key, call.tool, call.arguments, ...(await Promise.all(caller))])
  } catch {
    return undefined
  }
}
