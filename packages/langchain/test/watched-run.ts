import { type BaseMessage, isAIMessage, ToolMessage } from '@langchain/core/messages'
import type { Streamed } from '@lelu/testing'
import { pendingApprovals } from '../src/index.ts'
import type { Graph } from './graphs.ts'

type Chunk = ['messages', [BaseMessage, unknown]] | ['updates', unknown] | ['values', unknown]

/** Ids of the calls in a message of the model; of a piece of one, those that begin in it. */
function callsOf(message: BaseMessage): (string | undefined)[] {
  if (!isAIMessage(message)) return []
  const { tool_call_chunks: pieces } = message as { tool_call_chunks?: { id?: string }[] }
  return (pieces ?? message.tool_calls ?? []).map(({ id }) => id)
}

/** Runs the graph as an app that shows each token, and writes down what it saw. Answers the last state, as `invoke`. */
export async function watchedRun(
  graph: Graph,
  input: unknown,
  config: object,
  seen: Streamed,
): Promise<unknown> {
  const see = (list: string[], id: string | undefined) => {
    if (id !== undefined && !list.includes(id)) list.push(id)
  }
  let last: unknown
  const streamMode = ['messages', 'updates', 'values']
  for await (const chunk of await graph.stream(input, { ...config, streamMode })) {
    const [mode, shown] = chunk as Chunk
    if (mode === 'values') last = shown
    if (mode === 'updates')
      for (const { toolCallId } of pendingApprovals(shown)) see(seen.waiting, toolCallId)
    if (mode !== 'messages') continue
    const [message] = shown
    for (const id of callsOf(message)) see(seen.calls, id)
    if (ToolMessage.isInstance(message)) see(seen.answered, message.tool_call_id)
  }
  return last
}
