import { type Command, MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { ToolNode } from '@langchain/langgraph/prebuilt'
import { createAgent, tool } from 'langchain'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { guardTool, guardTools, leluMiddleware, resume } from '../src/index.ts'
import { ScriptedModel } from './scripted-model.ts'

// No tool is called: what counts is what the compiler infers.

const options = {
  lelu: { guard() {}, approvals: {} } as never,
  subject: { id: 'agent-1', type: 'agent' },
} as const

const weather = tool(({ city }) => ({ city, degrees: 20 }), {
  name: 'weather',
  description: 'Tells the weather.',
  schema: z.object({ city: z.string() }),
})
const count = tool(({ n }) => [`${n}`, n], {
  name: 'count',
  schema: z.object({ n: z.number() }),
  responseFormat: 'content_and_artifact',
})

test('a guarded tool has the type of the tool, its name and schema with it', () => {
  const guarded = guardTool(weather, options)
  expectTypeOf(guarded).toEqualTypeOf<typeof weather>()
  expectTypeOf(guarded.name).toEqualTypeOf<'weather'>()
  expectTypeOf<Parameters<typeof guarded.invoke>[0]>().toEqualTypeOf<
    Parameters<typeof weather.invoke>[0]
  >()
})

test('a list of guarded tools keeps the types of its places', () => {
  const guarded = guardTools([weather, count], options)
  expectTypeOf(guarded[0]).toEqualTypeOf<typeof weather>()
  expectTypeOf(guarded[1]).toEqualTypeOf<typeof count>()
})

test('a list of guarded tools that was kept goes wherever LangChain takes tools', () => {
  const guarded = guardTools([weather, count], options)
  const model = new ScriptedModel('')
  new ToolNode(guarded)
  model.bindTools(guarded)
  createAgent({ model, tools: guarded })
  const unchanging = [weather, count] as const
  expectTypeOf(guardTools(unchanging, options)).toEqualTypeOf<typeof unchanging>()
})

test('an agent infers its messages and its context as without the middleware', () => {
  const contextSchema = z.object({ user: z.string() })
  const model = new ScriptedModel('')
  const bare = createAgent({ model, tools: [weather, count], contextSchema, middleware: [] })
  const guarded = createAgent({
    model,
    tools: [weather, count],
    contextSchema,
    middleware: [leluMiddleware(options)],
  })
  type State<A extends { invoke(...given: never[]): Promise<unknown> }> = Awaited<
    ReturnType<A['invoke']>
  >
  expectTypeOf<State<typeof guarded>>().toEqualTypeOf<State<typeof bare>>()
  expectTypeOf<Parameters<typeof guarded.invoke>>().toEqualTypeOf<Parameters<typeof bare.invoke>>()
})

test('the command that resumes goes wherever LangChain takes one, a graph that knows its nodes by name among them', () => {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode('tools', new ToolNode(guardTools([weather, count], options)))
    .addEdge('__start__', 'tools')
    .compile()
  const agent = createAgent({ model: new ScriptedModel(''), tools: [weather] })
  const goesOn = async () => {
    const command = await resume({ result: {}, lelu: options.lelu })
    const plain: Command | undefined = command
    return command && [plain, await graph.invoke(command), await agent.invoke(command)]
  }
  expectTypeOf(goesOn).toBeFunction()
})
