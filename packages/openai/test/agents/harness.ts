import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLeluError } from '@lelu/engine/adapter'
import type { AdapterHarness, Answer, Conversation, ScriptedCall, Turn, World } from '@lelu/testing'
import {
  Agent,
  type AgentInputItem,
  Runner,
  RunState,
  type RunToolApprovalItem,
  tool,
} from '@openai/agents'
import {
  type AgentGuardOptions,
  cancelAbandoned,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'

type Context = { conversation: string }

/** All that is kept of a conversation. `state` is there while the run is suspended. */
type Saved = { history: AgentInputItem[]; steps: ScriptedCall[][]; state?: string }
type Stored = { now: Saved; suspended?: Saved }

/** How far a run came. */
type Ran = {
  interruptions: RunToolApprovalItem[]
  history: AgentInputItem[]
  finalOutput?: unknown
  state: RunState<Context, Agent<Context>>
}

type Input = AgentInputItem[] | RunState<Context, Agent<Context>>

/** One of the SDK's ways to run an agent to where it stops. */
type Loop = (
  runner: Runner,
  agent: Agent<Context>,
  input: Input,
  options: { context: Context; signal?: AbortSignal },
) => Promise<Ran>

const context: Context = { conversation: 'conversation-1' }

const run: Loop = async (runner, agent, input, options) =>
  (await runner.run(agent, input as AgentInputItem[], options)) as unknown as Ran

const stream: Loop = async (runner, agent, input, options) => {
  const result = await runner.run(agent, input as AgentInputItem[], { ...options, stream: true })
  for await (const _event of result) {
    // Read to its end, as a user interface would.
  }
  await result.completed
  return result as unknown as Ran
}

/** An error of ours may be the cause, or the `error` of what the SDK makes of it. */
function errorOf(thrown: unknown): NonNullable<Turn['error']> {
  let error: unknown = thrown
  while (error instanceof Error) {
    if (isLeluError(error)) return { code: error.code, message: error.message }
    error = error.cause ?? (error as { error?: unknown }).error
  }
  return { message: String(thrown) }
}

function answersOf(history: readonly AgentInputItem[]): Answer[] {
  return history.flatMap((item) => {
    if (item.type !== 'function_call_result') return []
    const { output } = item
    const text = typeof output === 'string' ? output : ((output as { text?: string }).text ?? '')
    return [{ id: item.callId, tool: item.name, text }]
  })
}

function stateOf({ state }: Saved): string {
  if (state === undefined) throw new Error('Nothing is suspended.')
  return state
}

/** A conversation whose only memory is a file in the directory of its world. */
function talk(world: World, loop: Loop): Conversation {
  const file = join(world.directory, 'conversation.json')
  const { lelu, signal, bare = false } = world
  const options: AgentGuardOptions<Context> = {
    lelu,
    subject: { id: 'agent-1', type: 'agent' },
    run: (call) => call.context.conversation,
    ...world.options,
  }
  let shown = ''

  const load = (): Stored =>
    existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as Stored)
      : { now: { history: [], steps: [] } }
  const save = (now: Saved) => {
    const suspended = now.state === undefined ? load().suspended : now
    writeFileSync(file, JSON.stringify({ now, ...(suspended && { suspended }) }))
  }

  function open(model: ScriptedModel): Agent<Context> {
    const made = world.tools.map(({ name, description, schema, run: execute }) =>
      tool({ name, description, parameters: schema, execute, errorFunction: (_, e) => String(e) }),
    )
    const tools = bare ? made : guardAgentTools(made, options)
    return new Agent<Context>({ name: 'agent', tools: tools as never, model })
  }

  /** Runs the agent to where it stops, and tells what waits then. */
  async function advance(agent: Agent<Context>, input: Input) {
    const given = { context, ...(signal !== undefined && { signal }) }
    const ran = await loop(new Runner({ tracingDisabled: true }), agent, input, given)
    const waits = ran.interruptions.length > 0
    return { ran, waits, pending: waits ? await pendingApprovals(ran.state, options) : [] }
  }

  async function go(
    from: Saved,
    begin: (agent: Agent<Context>) => Input | Promise<Input>,
    keep = true,
  ): Promise<Turn> {
    const model = new ScriptedModel(...from.steps.map((step) => calling(...step)))
    const agent = open(model)
    try {
      let { ran, waits, pending } = await advance(agent, await begin(agent))
      if (waits && pending.length === 0) {
        // What the SDK suspends on its own, for arguments that are no JSON, is decided by nobody.
        const state = await resumeRun(agent, ran.state.toString(), options)
        ;({ ran, waits, pending } = await advance(agent, state))
      }
      const { history, finalOutput } = ran
      const steps = from.steps.slice(model.requests.length)
      if (keep) save({ history, steps, ...(waits && { state: ran.state.toString() }) })
      return {
        answers: answersOf(history),
        pending: pending.map(({ approvalId, tool: name }) => ({ approvalId, tool: name })),
        finished: !waits && finalOutput === 'Finished.',
      }
    } catch (error) {
      const answers = answersOf(from.history)
      return { answers, pending: [], finished: false, error: errorOf(error) }
    } finally {
      const tools = model.requests.at(-1)?.tools
      if (tools !== undefined) shown = JSON.stringify(tools)
    }
  }

  return {
    async ask(steps) {
      const { now } = load()
      const message: AgentInputItem = { type: 'message', role: 'user', content: 'Go on.' }
      return go({ ...now, steps: [...steps] }, async (agent) => {
        if (now.state === undefined) return [...now.history, message]
        const state = await cancelAbandoned(agent, now.state, options)
        state.addInput([message])
        return state
      })
    },
    async resume() {
      const { now } = load()
      if (now.state === undefined) {
        return { answers: answersOf(now.history), pending: [], finished: true }
      }
      return go(now, (agent) => resumeRun(agent, stateOf(now), options))
    },
    async forge() {
      const { now } = load()
      return go(now, async (agent) => {
        const state = await RunState.fromString<Context, Agent<Context>>(agent, stateOf(now))
        for (const item of state.getInterruptions()) state.approve(item, { alwaysApprove: true })
        return state
      })
    },
    async replay() {
      const { suspended = { history: [], steps: [] } } = load()
      return go(suspended, (agent) => resumeRun(agent, stateOf(suspended), options), false)
    },
    shown: () => shown,
  }
}

const harness = (name: string, loop: Loop): AdapterHarness => ({
  name,
  capabilities: {
    suspends: true,
    resumesOneByOne: true,
    forgeable: true,
    waitsAgain: false,
    rawArguments: true,
    unknownTools: true,
    // An abort does end a run, but the SDK tells nobody who waits for an approval of it: see modes.test.ts.
    abortable: false,
    reusesIds: false,
  },
  open: async (world) => talk(world, loop),
})

export const agentsSdk: AdapterHarness = harness('agentsSdk', run)
export const agentsSdkStreamed: AdapterHarness = harness('agentsSdkStreamed', stream)
