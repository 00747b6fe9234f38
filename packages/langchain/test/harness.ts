import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { ToolMessage } from '@langchain/core/messages'
import { Command } from '@langchain/langgraph'
import type { AdapterHarness, Conversation, Streamed, Turn, World } from '@lelu/testing'
import { lastWord } from '@lelu/testing/fakes'
import { pendingApprovals, resume } from '../src/index.ts'
import { FileSaver } from './file-saver.ts'
import { agent, type Build, nested, plainGraph, question, type State } from './graphs.ts'
import { ScriptedModel } from './scripted-model.ts'
import { watchedRun } from './watched-run.ts'

/** What no app would send: nothing that LangGraph or an interface for its interrupts could mean. */
const garbage: readonly unknown[] = [
  null, // LangGraph refuses it by itself
  42,
  '',
  [],
  { decisions: 'perhaps' },
  { decisions: [null, { type: 'approve', edited_action: 7 }] },
  { ['0'.repeat(32)]: { decisions: [{ type: 'approve' }] } }, // an interrupt that nobody raised
]

/** The LeluError, wherever the framework wrapped it: one for each call, where several of a step failed. */
function toError(error: unknown): NonNullable<Turn['error']> {
  const first = error instanceof AggregateError ? error.errors[0] : error
  for (let inner: unknown = first; inner instanceof Error; inner = inner.cause) {
    const { code } = inner as { code?: unknown }
    if (typeof code === 'string' && code.startsWith('LELU_'))
      return { code, message: inner.message }
  }
  return { message: String(error) }
}

function open(build: Build, world: World, streams: boolean): Conversation {
  const { directory, signal, unnamed, modelDown: down } = world
  const [file, before] = [join(directory, 'threads.json'), join(directory, 'suspended.json')]
  const model = new ScriptedModel(directory, { down })
  const made = world.nested ? nested(build) : build
  // Anew for every move: a saver keeps what it has read. This one refuses a run without a thread by itself, so the
  // developer who forgets the thread has forgotten the saver too: such a run can only be refused by us.
  const graph = () => made(world, model, unnamed ? undefined : new FileSaver(file))
  const config = unnamed ? {} : { configurable: { thread_id: 'thread-1' } }
  const streamed: Streamed = { calls: [], waiting: [], answered: [] }

  const turn = async (output?: unknown, error?: unknown): Promise<Turn> => {
    // Where nothing is stored there is what the run answered.
    const state = unnamed
      ? { ...(output as object | undefined), values: (output ?? {}) as State['values'] }
      : await graph().getState(config)
    const messages = state.values.messages ?? []
    const answers = messages
      .filter((message) => ToolMessage.isInstance(message))
      .map(({ tool_call_id: id, name = '', text }) => ({ id, tool: name, text }))
    const pending = pendingApprovals(state).map(({ approvalId, tool }) => ({ approvalId, tool }))
    if (pending.length > 0 && existsSync(file)) copyFileSync(file, before)
    const finished = pending.length === 0 && messages.at(-1)?.text === lastWord
    return {
      answers,
      pending,
      finished,
      ...(streams && { streamed }),
      ...(error !== undefined && { error: toError(error) }),
    }
  }
  const go = async (input: unknown): Promise<Turn> => {
    const given = { ...config, ...(signal !== undefined && { signal }) }
    try {
      const output = streams
        ? await watchedRun(graph(), input, given, streamed)
        : await graph().invoke(input, given)
      return turn(output)
    } catch (error) {
      return turn(undefined, error)
    }
  }
  /** A graph whose calls share a node shows one waiting call at a time, so it is woken until none is decided. */
  const resumeDecided = async (): Promise<Turn> => {
    for (let round = 0; ; round += 1) {
      if (round === 10) throw new Error('The same calls are resumed again and again.')
      const state = await graph().getState(config)
      const command = await resume({ result: state, lelu: world.lelu })
      const waits = pendingApprovals(state).length > 0
      // Nothing waits, and yet the run did not end: it failed behind the calls, and goes on from there.
      const stopped = !waits && (state.next ?? []).length > 0
      if (command === undefined && !stopped) return turn()
      const woken = await go(command ?? null)
      if (woken.error !== undefined) return woken
    }
  }
  return {
    ask(steps) {
      model.write(steps)
      return go(question)
    },
    resume: resumeDecided,
    forge: () => go(new Command({ resume: { decisions: [{ type: 'approve' }], approved: true } })),
    async garble() {
      for (const value of garbage) await go(new Command({ resume: value }))
      return turn()
    },
    replay() {
      if (existsSync(before)) copyFileSync(before, file)
      return resumeDecided()
    },
    shown: () => model.shown,
  }
}

type Choices = {
  /** Where the calls of a step share a node, LangChain skips a call whose id has an answer anywhere in the thread. */
  reusesIds: boolean
  /** Every graph can be run both ways. One harness invokes, so that the suite plays both. */
  streams: boolean
}

const harness = (name: string, build: Build, { reusesIds, streams }: Choices): AdapterHarness => ({
  name,
  capabilities: {
    suspends: true,
    resumesOneByOne: true,
    forgeable: true,
    waitsAgain: true,
    outlivesForgery: true,
    // A stream brings the text; what a model answers at once, its integration has parsed.
    rawArguments: streams,
    unknownTools: true,
    abortable: true,
    abortEndsWaiting: true,
    reusesIds,
    streams,
    nests: true,
    unnamed: true,
  },
  open: async (world) => open(build, world, streams),
})

export const agentV2: AdapterHarness = harness('createAgent v2', agent('v2'), {
  reusesIds: true,
  streams: true,
})
export const agentV1: AdapterHarness = harness('createAgent v1', agent('v1'), {
  reusesIds: false,
  streams: false,
})
export const toolNode: AdapterHarness = harness('a graph with ToolNode', plainGraph, {
  reusesIds: false,
  streams: true,
})
