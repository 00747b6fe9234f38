import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { type BaseMessage, ToolMessage } from '@langchain/core/messages'
import { Command, MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt'
import type { AdapterHarness, Conversation, SuiteTool, Turn, World } from '@lelu/testing'
import { createAgent, tool } from 'langchain'
import {
  cancelAbandoned,
  guardTools,
  leluMiddleware,
  pendingApprovals,
  resume,
} from '../src/index.ts'
import { FileSaver } from './file-saver.ts'
import { ScriptedModel } from './scripted-model.ts'

type Graph = {
  invoke(input: unknown, config: object): Promise<unknown>
  getState(config: object): Promise<{ values: { messages?: BaseMessage[] } }>
}

type Build = (world: World, model: ScriptedModel, checkpointer: FileSaver) => Graph

const config = { configurable: { thread_id: 'thread-1' } }
const subject = { id: 'agent-1', type: 'agent' } as const

function toTool({ name, description, schema, run }: SuiteTool) {
  return tool((input) => run(input), { name, description, schema })
}

const agent =
  (version: 'v1' | 'v2'): Build =>
  (world, model, checkpointer) => {
    const { lelu, tools, options, bare } = world
    const made = createAgent({
      model,
      version,
      tools: tools.map(toTool),
      middleware: bare ? [] : [leluMiddleware({ lelu, subject, ...options })],
      checkpointer,
    })
    return {
      invoke: (input, given) => made.invoke(input as Parameters<typeof made.invoke>[0], given),
      getState: (given) => made.graph.getState(given),
    }
  }

/** A graph of one's own, with the plain ToolNode and guarded tools in it. */
const plainGraph: Build = (world, model, checkpointer) => {
  const { lelu, tools, options, bare } = world
  const plain = tools.map(toTool)
  const guard = { lelu, subject, ...options }
  const given = bare ? plain : guardTools(plain, guard)
  const bound = model.bindTools(given)
  return new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }, { configurable = {}, signal }) => {
      const node = { messages, configurable, context: undefined, signal }
      if (!bare) await cancelAbandoned(node, guard)
      return { messages: [await bound.invoke(messages)] }
    })
    .addNode('tools', new ToolNode(given))
    .addEdge('__start__', 'model')
    .addConditionalEdges('model', toolsCondition, ['tools', '__end__'])
    .addEdge('tools', 'model')
    .compile({ checkpointer })
}

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

function open(build: Build, world: World): Conversation {
  const { directory, signal } = world
  const [file, before] = [join(directory, 'threads.json'), join(directory, 'suspended.json')]
  const model = new ScriptedModel(directory)
  // Anew for every move: a saver keeps what it has read.
  const graph = () => build(world, model, new FileSaver(file))

  const turn = async (error?: unknown): Promise<Turn> => {
    const state = await graph().getState(config)
    const messages = state.values.messages ?? []
    const answers = messages
      .filter((message) => ToolMessage.isInstance(message))
      .map(({ tool_call_id: id, name = '', text }) => ({ id, tool: name, text }))
    const pending = pendingApprovals(state).map(({ approvalId, action }) => ({
      approvalId,
      tool: action,
    }))
    if (pending.length > 0) copyFileSync(file, before)
    const finished = pending.length === 0 && messages.at(-1)?.text === 'Finished.'
    return { answers, pending, finished, ...(error !== undefined && { error: toError(error) }) }
  }
  const go = async (input: unknown): Promise<Turn> => {
    try {
      await graph().invoke(input, { ...config, ...(signal !== undefined && { signal }) })
      return turn()
    } catch (error) {
      return turn(error)
    }
  }
  /** A graph whose calls share a node shows one waiting call at a time, so it is woken until none is decided. */
  const resumeDecided = async (): Promise<Turn> => {
    for (let round = 0; ; round += 1) {
      if (round === 10) throw new Error('The same calls are resumed again and again.')
      const command = await resume({ result: await graph().getState(config), lelu: world.lelu })
      if (command === undefined) return turn()
      const woken = await go(command)
      if (woken.error !== undefined) return woken
    }
  }
  return {
    ask(steps) {
      model.write(steps)
      return go({ messages: [{ role: 'user', content: 'Go on.' }] })
    },
    resume: resumeDecided,
    forge: () => go(new Command({ resume: { decisions: [{ type: 'approve' }], approved: true } })),
    replay() {
      if (existsSync(before)) copyFileSync(before, file)
      return resumeDecided()
    },
    shown: () => model.shown,
  }
}

/** Where the calls of a step share a node, LangChain skips a call whose id has an answer anywhere in the thread. */
const harness = (name: string, build: Build, reusesIds: boolean): AdapterHarness => ({
  name,
  capabilities: {
    suspends: true,
    resumesOneByOne: true,
    forgeable: true,
    waitsAgain: true,
    rawArguments: false,
    unknownTools: true,
    abortable: true,
    reusesIds,
  },
  open: async (world) => open(build, world),
})

export const agentV2: AdapterHarness = harness('createAgent v2', agent('v2'), true)
export const agentV1: AdapterHarness = harness('createAgent v1', agent('v1'), false)
export const toolNode: AdapterHarness = harness('a graph with ToolNode', plainGraph, false)
