import { type AIMessage, type BaseMessage, isAIMessage } from '@langchain/core/messages'
import { LeluLangChainError } from './errors.ts'
import type { GuardedCall } from './options.ts'

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

/**
 * The call with its place in the graph. Throws before anything is decided, so that no approval is left behind
 * that nobody could resume: without a checkpointer and a thread a suspended call has nowhere to wait.
 */
export function guardedCall(raw: RawCall): GuardedCall {
  const { toolCall, messages, configurable = {}, context, signal } = raw
  // The key that LangGraph's own interrupt() looks at.
  if (!configurable.__pregel_checkpointer) {
    throw new LeluLangChainError(
      'LELU_CHECKPOINTER_MISSING',
      'The agent has no checkpointer, so a call could not wait for its approval. No tool was run.',
      {
        help: 'Pass a `checkpointer` to createAgent() or compile(), one that outlives the process.',
      },
    )
  }
  if (typeof configurable.thread_id !== 'string' || configurable.thread_id === '') {
    throw new LeluLangChainError(
      'LELU_CHECKPOINTER_MISSING',
      'The run has no `thread_id`, so a call could not wait for its approval. No tool was run.',
      { help: "Invoke the agent with { configurable: { thread_id: '...' } }, a text." },
    )
  }
  if (typeof configurable.checkpoint_ns !== 'string' || configurable.checkpoint_ns === '') {
    throw new LeluLangChainError(
      'LELU_CALL_INVALID',
      'The tool call has no place in a graph. The tool was not run.',
      { help: 'Let an agent or a ToolNode of a compiled graph call the tool.' },
    )
  }
  if (toolCall === undefined || typeof toolCall.id !== 'string' || toolCall.id === '') {
    throw new LeluLangChainError(
      'LELU_CALL_INVALID',
      'The tool call has no id. The tool was not run.',
      {
        help: 'Let an agent or a ToolNode call the tool, with the tool call of a message.',
      },
    )
  }
  const { id, name, args } = toolCall
  const all = Array.isArray(messages) ? (messages as BaseMessage[]) : []
  return {
    toolCall: { id, name, args, type: 'tool_call' },
    message: askedBy(all, id),
    messages: all,
    configurable,
    context,
    signal,
  }
}

function namespaceOf(call: GuardedCall): string[] {
  return String(call.configurable.checkpoint_ns).split('|')
}

/** The thread; for a sub-agent also the call it runs in. The last part names this very step, so it is left out. */
export function defaultRun(call: GuardedCall): string {
  const thread = String(call.configurable.thread_id)
  const parents = namespaceOf(call).slice(0, -1).join('|')
  // No two places share a name, whatever callers put into a thread id.
  return parents === '' && !thread.startsWith('[') ? thread : JSON.stringify([thread, parents])
}

/**
 * Names the call within its run. Models reuse call ids (`call_0` in every step), so LangGraph's name of the task is
 * part of it: derived from the checkpoint, the same in every process that takes the thread up again.
 */
export function callId(call: GuardedCall): string {
  return `${call.toolCall.id}@${namespaceOf(call).at(-1)}`
}
