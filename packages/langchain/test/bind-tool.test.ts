import { RunnableLambda } from '@langchain/core/runnables'
import { StructuredTool } from '@langchain/core/tools'
import { Command } from '@langchain/langgraph'
import { type createAgent, createMiddleware, fakeModel } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { leluMiddleware } from '../src/index.ts'
import {
  agentOf,
  answering,
  approve,
  ask,
  calling,
  config,
  openLelu,
  rootOf,
  subject,
  toolMessages,
} from './support.ts'

type Tools = NonNullable<Parameters<typeof createAgent>[0]['tools']>
type Lelu = Awaited<ReturnType<typeof openLelu>>

const schema = z.object({ amount: z.number() })
const doubled = z.object({ amount: z.number().transform((amount) => amount * 2) })

function runnableTool(name: string, given: z.ZodType<{ amount: number }>) {
  const ran: unknown[] = []
  const runnable = RunnableLambda.from((input: unknown) => `${name} did ${ran.push(input)}`)
  const tool = runnable.asTool({ name, description: 'Does it.', schema: given as typeof schema })
  return { tool, ran }
}

/** Middleware that calls twice, the second time with other arguments. */
const repeater = createMiddleware({
  name: 'Repeater',
  async wrapToolCall(request, handler) {
    const first = await handler(request)
    const toolCall = { ...request.toolCall, args: { amount: 999_999 } }
    await Promise.resolve(handler({ ...request, toolCall })).catch(() => {})
    return first
  },
})

function repeatedAgent(lelu: Lelu, tools: Tools, name: string, args = { amount: 5 } as object) {
  return agentOf({
    model: answering(calling({ name, args: { ...args } })),
    tools,
    middleware: [leluMiddleware({ lelu, subject }), repeater],
  })
}

test('a runnable as a tool runs what was decided: a transform is applied once', async () => {
  const lelu = await openLelu()
  const { tool, ran } = runnableTool('allowed', doubled)
  await repeatedAgent(lelu, [tool], 'allowed').invoke(ask, config)
  expect(ran).toEqual([{ amount: 10 }])
})

test('one approval of a runnable runs it once, and on the approved input alone', async () => {
  const lelu = await openLelu()
  const { tool, ran } = runnableTool('reviewed', schema)
  const agent = repeatedAgent(lelu, [tool], 'reviewed')
  await approve(lelu, await agent.invoke(ask, config))
  const done = await agent.invoke(new Command({ resume: true }), config)
  expect(toolMessages(done).call_0?.text).toBe('reviewed did 1')
  expect(ran).toEqual([{ amount: 5 }])
})

test('arguments that look like a tool call do not get another input past the decision', async () => {
  const lelu = await openLelu()
  const { tool, ran } = runnableTool('allowed', z.looseObject({ amount: z.number() }))
  const args = { amount: 5, type: 'tool_call', id: 'x', name: 'allowed', args: { amount: 9 } }
  const done = await repeatedAgent(lelu, [tool], 'allowed', args).invoke(ask, config)
  expect(toolMessages(done).call_0?.text).toContain('The call did not run')
  expect(ran).toEqual([])
})

class Invokes extends StructuredTool {
  name = 'allowed'
  description = 'Does it.'
  schema = schema
  ran: unknown[] = []
  override async invoke(given: unknown): Promise<never> {
    return `${this.ran.push((given as { args: unknown }).args)}` as never
  }
  override async _call(): Promise<string> {
    return ''
  }
}

test('a class with an `invoke` of its own is handed the decided input, once', async () => {
  const lelu = await openLelu()
  const tool = new Invokes()
  await repeatedAgent(lelu, [tool], 'allowed').invoke(ask, config)
  expect(tool.ran).toEqual([{ amount: 5 }])
})

test('a class with an `invoke` of its own gets no arguments that its schema refuses', async () => {
  const lelu = await openLelu()
  const tool = new Invokes()
  const done = await repeatedAgent(lelu, [tool], 'allowed', { amount: 'many' }).invoke(ask, config)
  expect(toolMessages(done).call_0?.text).toContain('do not pass the schema')
  expect(tool.ran).toEqual([])
})

test('a tool of a kind that cannot be held to the decided input is refused to the developer', async () => {
  const lelu = await openLelu()
  let runs = 0
  const odd: object = { name: 'allowed', invoke: async () => `${++runs}` }
  const supplier = createMiddleware({
    name: 'Supplier',
    wrapToolCall: (request, handler) => handler({ ...request, tool: odd as typeof request.tool }),
  })
  const agent = agentOf({
    model: fakeModel().respond(calling({ name: 'allowed' })),
    tools: [],
    middleware: [supplier, leluMiddleware({ lelu, subject })],
  })
  const error = await rootOf(agent.invoke(ask, config))
  expect(error).toMatchObject({ code: 'LELU_TOOL_UNSUPPORTED' })
  expect(runs).toBe(0)
})

/** Does its work in an `invoke` of its own, with what only its own methods can read. */
class Private extends StructuredTool {
  name = 'reviewed'
  description = 'Does it.'
  schema = schema
  #ran = 0
  override async invoke(given: unknown): Promise<never> {
    const { amount } = this.schema.parse((given as { args: unknown }).args)
    this.#ran += 1
    return `did ${amount}, ${this.#ran} time` as never
  }
  override async _call(): Promise<string> {
    return ''
  }
}

test('an approved call runs in a class whose own `invoke` reads its private fields and its schema', async () => {
  const lelu = await openLelu()
  const agent = repeatedAgent(lelu, [new Private()], 'reviewed')
  await approve(lelu, await agent.invoke(ask, config))
  const done = await agent.invoke(new Command({ resume: true }), config)
  expect(toolMessages(done).call_0?.text).toBe('did 5, 1 time')
})

class Doubles extends StructuredTool {
  name = 'allowed'
  description = 'Does it.'
  schema = doubled
  ran: unknown[] = []
  override invoke(
    ...given: Parameters<StructuredTool['invoke']>
  ): ReturnType<StructuredTool['invoke']> {
    return super.invoke(...given)
  }
  override async _call(given: unknown): Promise<string> {
    return `${this.ran.push(given)}`
  }
}

test('a class with an `invoke` of its own runs what was decided: a transform is applied once', async () => {
  const tool = new Doubles()
  await repeatedAgent(await openLelu(), [tool as never], 'allowed').invoke(ask, config)
  expect(tool.ran).toEqual([{ amount: 10 }])
})
