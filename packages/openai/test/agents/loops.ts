import type { Streamed } from '@lelu/testing'
import type {
  Agent,
  AgentInputItem,
  Runner,
  RunState,
  RunStreamEvent,
  RunToolApprovalItem,
} from '@openai/agents'

export type Context = { conversation: string }

/** How far a run came. */
export type Ran = {
  interruptions: RunToolApprovalItem[]
  history: AgentInputItem[]
  finalOutput?: unknown
  state: RunState<Context, Agent<Context>>
}

export type Input = AgentInputItem[] | RunState<Context, Agent<Context>>

/** One of the SDK's ways to run an agent to where it stops. `seen` is what the app sees while it runs. */
export type Loop = (
  runner: Runner,
  agent: Agent<Context>,
  input: Input,
  options: { context: Context; signal?: AbortSignal },
  seen: Streamed,
) => Promise<Ran>

export const run: Loop = async (runner, agent, input, options) =>
  (await runner.run(agent, input as AgentInputItem[], options)) as unknown as Ran

/** Which list of what was seen an event belongs to. */
const lists: { [name: string]: keyof Streamed } = {
  tool_called: 'calls',
  tool_approval_requested: 'waiting',
  tool_output: 'answered',
}

/** The ids are those of the model's calls, as a user interface would show them. */
function see(event: RunStreamEvent, seen: Streamed): void {
  if (event.type !== 'run_item_stream_event') return
  const list = lists[event.name]
  const { callId } = (event.item.rawItem ?? {}) as { callId?: string }
  if (list === undefined || callId === undefined) return
  if (!seen[list].includes(callId)) seen[list].push(callId)
}

export const stream: Loop = async (runner, agent, input, options, seen) => {
  const result = await runner.run(agent, input as AgentInputItem[], { ...options, stream: true })
  for await (const event of result) see(event, seen)
  await result.completed
  // A stream that is aborted just ends. How far it came is not where the run stops.
  options.signal?.throwIfAborted()
  return result as unknown as Ran
}
