import {
  type AIMessage,
  type BaseMessage,
  isAIMessage,
  isBaseMessage,
} from '@langchain/core/messages'
import { LeluError } from '@lelu/engine/adapter'
import type { GuardedCall, GuardOptions } from './options.ts'

/** What the framework gives about a call, from a middleware's request or a tool's config. */
export type RawCall = {
  toolCall: { id?: string; name: string; args: Record<string, unknown> } | undefined
  messages: unknown
  configurable: Record<string, unknown> | undefined
  context: unknown
  signal: AbortSignal | undefined
}

/** The last message that asked for this call: ids may repeat from step to step, so the last one counts. */
function askedBy(messages: readonly BaseMessage[], id: string): AIMessage | undefined {
  const asks = (message: BaseMessage): message is AIMessage =>
    isAIMessage(message) && (message.tool_calls ?? []).some((call) => call.id === id)
  return messages.findLast(asks)
}

const filled = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * The call with its place in the graph. Throws before anything is decided, so that no approval is left behind
 * that nobody could resume: without a checkpointer and a thread a suspended call has nowhere to wait.
 */
export function guardedCall(raw: RawCall, { mode = 'suspend' }: GuardOptions): GuardedCall {
  const { toolCall, messages, configurable = {}, context, signal } = raw
  if (mode === 'suspend' && !configurable.__pregel_checkpointer) {
    throw new LeluError(
      'LELU_CHECKPOINTER_MISSING',
      'The agent has no checkpointer, so a call could not wait for its approval. No tool was run.',
      {
        help: 'Pass a `checkpointer` that outlives the process to createAgent() or compile(), or choose the mode `wait` or `tell-model`.',
      },
    )
  }
  if (toolCall === undefined || !filled(toolCall.id)) {
    throw new LeluError('LELU_CALL_INVALID', 'The tool call has no id. The tool was not run.', {
      help: 'Let an agent or a ToolNode call the tool, with the tool call of a message.',
    })
  }
  const { id, name, args } = toolCall
  // What a task was started with, and the state of a graph, may be an array of anything.
  const all = Array.isArray(messages) ? messages.filter(isBaseMessage) : []
  return {
    toolCall: { id, name, args, type: 'tool_call' },
    message: askedBy(all, id),
    messages: all,
    configurable,
    context,
    signal,
  }
}

type Place = Pick<GuardedCall, 'configurable'>

/** Whether a call can wait in its thread. The key is the one that LangGraph's own interrupt() looks at. */
export function canSuspend({ configurable }: Place): boolean {
  return Boolean(configurable.__pregel_checkpointer)
}

function namespaceOf({ configurable }: Place): string[] {
  const { checkpoint_ns: namespace } = configurable
  if (!filled(namespace)) {
    throw new LeluError(
      'LELU_CALL_INVALID',
      'The tool call has no place in a graph. The tool was not run.',
      { help: 'Let an agent or a ToolNode of a compiled graph call the tool.' },
    )
  }
  return namespace.split('|')
}

/** The thread and the sub-agent in it that a node belongs to: the same for the node that asks and the one that calls. */
export function threadOf({ thread_id, checkpoint_ns }: Place['configurable']): unknown[] {
  const namespace = typeof checkpoint_ns === 'string' ? checkpoint_ns : ''
  return [thread_id, namespace.split('|').slice(0, -1)]
}

/** The thread; for a sub-agent also the call it runs in. The last part names this very step, so it is left out. */
function defaultRun(place: Place): string {
  const { thread_id: thread } = place.configurable
  if (!filled(thread)) {
    throw new LeluError(
      'LELU_RUN_MISSING',
      'The run has no `thread_id`, so its calls have no name. No tool was run.',
      { help: "Invoke the agent with { configurable: { thread_id: '...' } }, a text." },
    )
  }
  const parents = namespaceOf(place).slice(0, -1).join('|')
  // No two places share a name, whatever callers put into a thread id.
  return parents === '' && !thread.startsWith('[') ? thread : JSON.stringify([thread, parents])
}

/** The run of a call, as the option or the thread names it. */
export async function runOf(options: GuardOptions, call: GuardedCall): Promise<string> {
  if (options.run === undefined) return defaultRun(call)
  const run = await options.run(call)
  if (filled(run)) return run
  throw new LeluError('LELU_RUN_MISSING', 'The option `run` named no run. No tool was run.', {
    help: 'Answer a text that names the conversation, the same whenever it goes on.',
  })
}

/**
 * Names the call within its run. Models reuse call ids (`call_0` in every step), so the message that asked is part of
 * it: its id is stored in the thread, the same in every process that takes it up again. Where a graph does not pass
 * its messages, LangGraph's name of the task, which is derived from the checkpoint.
 */
export function callId(call: GuardedCall): string {
  const { toolCall, message, nested = [] } = call
  const plain = nested.length === 0 && !toolCall.id.startsWith('[')
  // No model gives a call the name of a nested one.
  const id = plain ? toolCall.id : JSON.stringify([toolCall.id, ...nested])
  return `${id}@${message?.id ?? namespaceOf(call).at(-1)}`
}

/** Whether the same answer gave its id to another call as well: nothing tells which of them a record is about. */
export function isRepeated({ toolCall, message }: GuardedCall): boolean {
  return (message?.tool_calls ?? []).filter(({ id }) => id === toolCall.id).length > 1
}
