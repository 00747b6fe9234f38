import type { AIMessage, BaseMessage, ToolCall } from '@langchain/core/messages'
import type {
  ConfidenceSignal,
  DecisionRequest,
  Json,
  Lelu,
  Subject,
  ToolEffect,
} from '@lelu/engine'
import { LeluLangChainError } from './errors.ts'

/** One tool call as LangChain hands it over: what the functions among the options may read. */
export type GuardedCall = {
  /** As the model wrote it: `args` are not parsed yet. */
  toolCall: ToolCall & { id: string }
  /** The message that asked for the call; absent where the graph does not pass its state. */
  message: AIMessage | undefined
  messages: readonly BaseMessage[]
  /** Of the run's config. Where callers set it, it is their claim: take no identity from it unchecked. */
  configurable: Readonly<Record<string, unknown>>
  /** The run's context, as the host passed it to `invoke`. */
  context: unknown
  signal: AbortSignal | undefined
}

/** Where the number comes from. Undefined, or an error, counts as no confidence: never as a high one. */
export type ConfidenceReader = (
  message: AIMessage | undefined,
  toolCall: ToolCall,
) => ConfidenceSignal | undefined | Promise<ConfidenceSignal | undefined>

/** A value, or a function of the call that answers it. */
export type PerCall<T> = T | ((call: GuardedCall) => T | Promise<T>)

export type GuardOptions = {
  lelu: Pick<Lelu, 'guard'>
  /** Who calls. Take it from your own authentication, never from the model. */
  subject: PerCall<Subject>
  confidence?: ConfidenceReader
  /** Names the run in records and approvals. Default: the thread id, and the sub-agent's place in it. */
  run?: (call: GuardedCall) => string
  /** By tool name; what is not named is `non_idempotent`, the strictest. */
  effect?: Readonly<Record<string, ToolEffect>> | ((tool: string) => ToolEffect | undefined)
  resource?: PerCall<DecisionRequest['resource']>
  context?: PerCall<Record<string, Json> | undefined>
  /** Default `default`. */
  tenant?: PerCall<string | undefined>
}

export type MiddlewareOptions = GuardOptions & {
  /**
   * What becomes of an error that a tool throws: `message` (default) gives the model the error message that
   * LangChain gives without a middleware; `throw` ends the run.
   */
  toolErrors?: 'message' | 'throw'
}

const known: readonly string[] = [
  'lelu',
  'subject',
  'confidence',
  'run',
  'effect',
  'resource',
  'context',
  'tenant',
  'toolErrors',
] satisfies (keyof MiddlewareOptions)[]

function invalid(message: string, help: string): LeluLangChainError {
  return new LeluLangChainError('LELU_OPTIONS_INVALID', message, { help })
}

/** Throws `LELU_OPTIONS_INVALID` with what to do, for a missing, misspelt or wrong option. */
export function checkOptions(options: MiddlewareOptions): void {
  const given: Record<string, unknown> = { ...(options as object | undefined) }
  for (const name of Object.keys(given)) {
    // A misspelt option that is ignored would be a weaker guard than the one that was asked for.
    if (!known.includes(name)) {
      throw invalid(`There is no option \`${name}\`.`, `The options are: ${known.join(', ')}.`)
    }
  }
  if (typeof options?.lelu?.guard !== 'function') {
    throw invalid(
      'The option `lelu` is missing.',
      'Pass the engine: await createLelu({ policies }).',
    )
  }
  if (typeof options.subject !== 'object' && typeof options.subject !== 'function') {
    const help = "Say who calls, such as { id: 'trader-1', type: 'agent' }, or pass a function."
    throw invalid('The option `subject` is missing.', help)
  }
  for (const name of ['confidence', 'run']) {
    if (given[name] !== undefined && typeof given[name] !== 'function') {
      throw invalid(`The option \`${name}\` must be a function.`, 'Correct it, or leave it out.')
    }
  }
  const { toolErrors } = options
  if (toolErrors !== undefined && toolErrors !== 'message' && toolErrors !== 'throw') {
    throw invalid('The option `toolErrors` is `message` or `throw`.', 'Pass one of the two words.')
  }
}
