import type { AIMessage, BaseMessage, ToolCall } from '@langchain/core/messages'
import {
  checkGuardOptions,
  invalidOptions,
  type GuardOptions as SharedOptions,
} from '@lelu/engine/adapter'

/** One tool call as LangChain hands it over: what the functions among the options may read. */
export type GuardedCall = {
  /** As the model wrote it: `args` are not parsed yet. */
  toolCall: ToolCall & { id: string }
  /**
   * Set where a tool calls this one in its body and passes its config on, or a body whose calls no message names has
   * given the id before: what tells the call from others of that body. The id of `toolCall` is then one that several share.
   */
  nested?: readonly string[]
  /** The message that asked for the call; absent where the graph does not pass its state. */
  message: AIMessage | undefined
  messages: readonly BaseMessage[]
  /** Of the run's config. Where callers set it, it is their claim: take no identity from it unchecked. */
  configurable: Readonly<Record<string, unknown>>
  /** The run's context, as the host passed it to `invoke`. */
  context: unknown
  signal: AbortSignal | undefined
}

/** Of `guardTool`. Only `lelu` and `subject` are needed. */
export type GuardOptions = SharedOptions<GuardedCall> & {
  /** Names the run in records and approvals. Default: the thread id, and the sub-agent's place in it. */
  run?: (call: GuardedCall) => string | Promise<string>
}

/** Of `leluMiddleware`. Only `lelu` and `subject` are needed. */
export type MiddlewareOptions = GuardOptions & {
  /**
   * What becomes of an error that a tool throws: `message` (default) gives the model the error message that
   * LangChain gives without a middleware; `throw` hands it to the middleware before this one, which may retry or
   * handle it, and else ends the run.
   */
  toolErrors?: 'message' | 'throw'
}

/** Throws `LELU_OPTIONS_INVALID` with what to do, for a missing, misspelt or wrong option. */
export function checkOptions(options: MiddlewareOptions): void {
  checkGuardOptions(options, ['run', 'toolErrors'])
  if (options.run !== undefined && typeof options.run !== 'function') {
    throw invalidOptions('The option `run` must be a function.', 'Correct it, or leave it out.')
  }
  const { toolErrors } = options
  if (toolErrors !== undefined && toolErrors !== 'message' && toolErrors !== 'throw') {
    const help =
      'Pass `message`, or `throw` for middleware before this one that retries or handles errors.'
    throw invalidOptions('The option `toolErrors` is `message` or `throw`.', help)
  }
}
