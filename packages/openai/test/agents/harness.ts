import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isLeluError } from '@lelu/engine/adapter'
import type {
  AdapterHarness,
  Answer,
  Conversation,
  ScriptedCall,
  Streamed,
  Turn,
  World,
} from '@lelu/testing'
import { fakeModel, lastWord } from '@lelu/testing/fakes'
import { Agent, type AgentInputItem, Runner, RunState, tool } from '@openai/agents'
import {
  type AgentGuardOptions,
  cancelAbandoned,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { garbled } from './garbage.ts'
import { type Context, type Input, type Loop, run, stream } from './loops.ts'
import { type AnsweringModel, ScriptedModel, speak } from './model.ts'

/** All that is kept of a conversation. `state` is there while the run is suspended. */
type Saved = { history: AgentInputItem[]; scripts: Script[]; state?: string }
type Stored = { now: Saved; suspended?: Saved }

/** What the model of one agent still has to say. The agent whose tools are guarded comes first. */
type Script = ScriptedCall[][]

/** All that the outer agent does, where the guarded one is its tool. */
const callHelper: Script = [[{ id: 'call_helper', tool: 'helper', input: { input: 'Go on.' } }]]

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

/** What differs between the SDK's ways to run an agent. */
type Way = { loop: Loop; streams: boolean }

/** A conversation whose only memory is a file in the directory of its world. */
function talk(world: World, { loop, streams }: Way): Conversation {
  const file = join(world.directory, 'conversation.json')
  const { lelu, signal, bare = false, modelDown: down, unnamed, nested } = world
  // What a developer forgets: to hand the run what its option `run` reads.
  const context = (unnamed ? {} : { conversation: 'conversation-1' }) as Context
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
      : { now: { history: [], scripts: [] } }
  const save = (now: Saved) => {
    const suspended = now.state === undefined ? load().suspended : now
    writeFileSync(file, JSON.stringify({ now, ...(suspended && { suspended }) }))
  }

  /** The agent that the user speaks to. A second model makes it the one whose tool the first one's agent is. */
  function open([model, outer]: AnsweringModel[]): Agent<Context> {
    const made = world.tools.map(({ name, description, schema, run: execute }) =>
      tool({ name, description, parameters: schema, execute, errorFunction: (_, e) => String(e) }),
    )
    const tools = bare ? made : guardAgentTools(made, options)
    const agent = new Agent<Context>({
      name: 'agent',
      tools: tools as never,
      ...(model && { model }),
    })
    if (outer === undefined) return agent
    const helper = agent.asTool({
      toolName: 'helper',
      toolDescription: 'Helps.',
      runConfig: { tracingDisabled: true },
      // Whoever listens has the agent inside streamed as well.
      ...(streams && { onStream: () => {} }),
    })
    return new Agent<Context>({ name: 'outer', tools: [helper as never], model: outer })
  }

  /** Runs the agent to where it stops, and tells what waits then. */
  async function advance(agent: Agent<Context>, input: Input, seen: Streamed) {
    const given = { context, ...(signal !== undefined && { signal }) }
    const ran = await loop(new Runner({ tracingDisabled: true }), agent, input, given, seen)
    const waits = ran.interruptions.length > 0
    return { ran, waits, pending: waits ? await pendingApprovals(ran.state, options) : [] }
  }

  async function go(
    from: Saved,
    begin: (agent: Agent<Context>) => Input | Promise<Input>,
    keep = true,
  ): Promise<Turn> {
    const models = from.scripts.map((steps) => speak(fakeModel(steps, { down })))
    const agent = open(models)
    const streamed: Streamed = { calls: [], waiting: [], answered: [] }
    const seen = streams ? { streamed } : {}
    try {
      let { ran, waits, pending } = await advance(agent, await begin(agent), streamed)
      if (waits && pending.length === 0) {
        // What the SDK suspends on its own, for arguments that are no JSON, is decided by nobody.
        const state = await resumeRun(agent, ran.state.toString(), options)
        ;({ ran, waits, pending } = await advance(agent, state, streamed))
      }
      const { history } = ran
      const scripts = from.scripts.map((steps, at) => steps.slice(models[at]?.requests.length))
      if (keep) save({ history, scripts, ...(waits && { state: ran.state.toString() }) })
      return {
        answers: answersOf(history),
        pending: pending.map(({ approvalId, tool: name }) => ({ approvalId, tool: name })),
        finished: !waits && ran.finalOutput === lastWord,
        ...seen,
      }
    } catch (error) {
      const answers = answersOf(from.history)
      return { answers, pending: [], finished: false, ...seen, error: errorOf(error) }
    } finally {
      const tools = models[0]?.requests.at(-1)?.tools
      if (tools !== undefined) shown = JSON.stringify(tools)
    }
  }

  const believe = (stored: string) => async (agent: Agent<Context>) =>
    RunState.fromString<Context, Agent<Context>>(agent, stored)

  return {
    async ask(steps) {
      const { now } = load()
      const message: AgentInputItem = { type: 'message', role: 'user', content: 'Go on.' }
      const scripts = nested ? [[...steps], callHelper] : [[...steps]]
      return go({ ...now, scripts }, async (agent) => {
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
        const state = await believe(stateOf(now))(agent)
        for (const item of state.getInterruptions()) state.approve(item, { alwaysApprove: true })
        return state
      })
    },
    async garble() {
      const { now } = load()
      const agent = open(now.scripts.map(() => new ScriptedModel()))
      let turn = await go(now, believe('{}'))
      for (const stored of await garbled(agent, stateOf(now))) {
        // As an app does that leaves our helper out, and as one that does not.
        await go(now, believe(stored))
        turn = await go(now, (resumed) => resumeRun(resumed, stored, options))
      }
      return turn
    },
    async replay() {
      const { suspended = { history: [], scripts: [] } } = load()
      return go(suspended, (agent) => resumeRun(agent, stateOf(suspended), options), false)
    },
    shown: () => shown,
  }
}

const harness = (name: string, way: Way): AdapterHarness => ({
  name,
  capabilities: {
    suspends: true,
    resumesOneByOne: true,
    forgeable: true,
    waitsAgain: true,
    // The SDK calls the tool at once, and takes the refusal for its answer.
    outlivesForgery: false,
    rawArguments: true,
    unknownTools: true,
    abortable: true,
    // The SDK tells nobody who waits for an approval that its run was aborted: see modes.test.ts.
    abortEndsWaiting: false,
    reusesIds: false,
    streams: way.streams,
    nests: true,
    unnamed: true,
  },
  open: async (world) => talk(world, way),
})

export const agentsSdk: AdapterHarness = harness('agentsSdk', { loop: run, streams: false })
export const agentsSdkStreamed: AdapterHarness = harness('agentsSdkStreamed', {
  loop: stream,
  streams: true,
})
