import type { BaseMessage } from '@langchain/core/messages'
import { MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt'
import type { SuiteTool, World } from '@lelu/testing'
import { createAgent, tool } from 'langchain'
import { cancelAbandoned, guardTools, leluMiddleware, markCutOff } from '../src/index.ts'
import type { FileSaver } from './file-saver.ts'
import { ScriptedModel } from './scripted-model.ts'

/** What is kept of a thread. */
export type State = { values: { messages?: BaseMessage[] }; next?: readonly string[] }

export type Graph = {
  invoke(input: unknown, config: object): Promise<unknown>
  stream(input: unknown, config: object): Promise<AsyncIterable<unknown>>
  getState(config: object): Promise<State>
}

/** Without a checkpointer it has the one of the graph that it is called in, or none. */
export type Build = (world: World, model: ScriptedModel, checkpointer?: FileSaver) => Graph

export const question = { messages: [{ role: 'user' as const, content: 'Go on.' }] }

const subject = { id: 'agent-1', type: 'agent' } as const

function toTool({ name, description, schema, run }: SuiteTool) {
  return tool((input) => run(input), { name, description, schema })
}

export const agent =
  (version: 'v1' | 'v2'): Build =>
  (world, model, checkpointer) => {
    const { lelu, tools, options, bare } = world
    const made = createAgent({
      model,
      version,
      tools: tools.map(toTool),
      middleware: bare ? [] : [leluMiddleware({ lelu, subject, ...options })],
      ...(checkpointer !== undefined && { checkpointer }),
    })
    type Input = Parameters<typeof made.invoke>[0]
    return {
      invoke: (input, given) => made.invoke(input as Input, given),
      stream: (input, given) => made.stream(input as Input, given),
      getState: (given) => made.graph.getState(given),
    }
  }

/** A graph of one's own, with the plain ToolNode and guarded tools in it. */
export const plainGraph: Build = (world, model, checkpointer) => {
  const { lelu, tools, options, bare } = world
  const plain = tools.map(toTool)
  const guard = { lelu, subject, ...options }
  const given = bare ? plain : guardTools(plain, guard)
  const bound = model.bindTools(given)
  return new StateGraph(MessagesAnnotation)
    .addNode('model', async ({ messages }, { configurable = {}, signal }) => {
      const node = { messages, configurable, context: undefined, signal }
      if (!bare) await cancelAbandoned(node, guard)
      const answer = await bound.invoke(messages)
      return { messages: [bare ? answer : markCutOff(answer)] }
    })
    .addNode('tools', new ToolNode(given))
    .addEdge('__start__', 'model')
    .addConditionalEdges('model', toolsCondition, ['tools', '__end__'])
    .addEdge('tools', 'model')
    .compile(checkpointer && { checkpointer })
}

/**
 * The agent of the suite inside a tool of another one. It is made in the tool's body, as apps do, and has neither a
 * checkpointer nor a thread of its own: LangGraph gives it those of the run around it. The outer agent is not guarded,
 * for all it can do is to ask the inner one.
 */
export const nested =
  (build: Build): Build =>
  (world, model, checkpointer) => {
    const helper: Omit<SuiteTool, 'schema'> = {
      name: 'helper',
      description: 'Does what is asked, with tools of its own.',
      async run() {
        const answer = await build(world, model).invoke(question, {})
        return (answer as State['values']).messages?.at(-1)?.text ?? ''
      },
    }
    const steps = [[{ id: 'call_helper', tool: helper.name, input: { amount: 1 } }]]
    const tools = world.tools.slice(0, 1).map(({ schema }): SuiteTool => ({ ...helper, schema }))
    const outer = new ScriptedModel(world.directory, { down: world.modelDown, steps })
    return build({ ...world, tools, bare: true }, outer, checkpointer)
  }
