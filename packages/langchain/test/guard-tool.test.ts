import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import { Command } from '@langchain/langgraph'
import {
  AIMessage,
  type createAgent,
  createMiddleware,
  DynamicStructuredTool,
  fakeModel,
  tool,
} from 'langchain'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { guardTool, leluMiddleware, pendingApprovals, resume } from '../src/index.ts'
import {
  agentOf,
  approve,
  ask,
  calling,
  config,
  createTools,
  openLelu,
  reviewer,
  subject,
  toolGraph,
  toolMessages,
  waitingId,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

/** A graph without createAgent: one node that runs the calls of a message. */
function plainGraph(lelu: Lelu, ...calls: Parameters<typeof calling>) {
  const { tools, ran } = createTools()
  const guarded = tools.map((one) => guardTool(one, { lelu, subject }))
  return { graph: toolGraph(calling(...calls), guarded), ran }
}

test('a plain ToolNode runs an allowed call, refuses a denied one and suspends the third', async () => {
  const lelu = await openLelu()
  const { graph, ran } = plainGraph(lelu, { id: 'a', name: 'allowed' }, { id: 'd', name: 'denied' })
  const messages = toolMessages(await graph.invoke(ask, config))
  expect(messages.a?.text).toBe('allowed did 5')
  expect(messages.d).toMatchObject({ status: 'error' })
  expect(messages.d?.text).toContain('Denied by policy')
  expect(ran).toHaveLength(1)
})

test('in a plain ToolNode an approved call runs once, however often and however the graph is woken', async () => {
  const lelu = await openLelu()
  const { graph, ran } = plainGraph(lelu, { id: 'r', name: 'reviewed' })
  const result = await graph.invoke(ask, config)
  const id = waitingId(result)
  expect(pendingApprovals(await graph.invoke(new Command({ resume: true }), config))).toHaveLength(
    1,
  )
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  const command = await resume({ result: await graph.getState(config), lelu })
  const done = await graph.invoke((command ?? null) as Parameters<typeof graph.invoke>[0], config)
  expect(toolMessages(done).r?.text).toBe('reviewed did 5')
  await graph.invoke(new Command({ resume: true }), config).catch(() => {})
  expect(ran).toHaveLength(1)
})

test('calls of one node: a plain resume runs only what is approved, and replays its result later', async () => {
  const lelu = await openLelu()
  const { graph, ran } = plainGraph(
    lelu,
    { id: 'r1', name: 'reviewed', args: { amount: 1 } },
    { id: 'r2', name: 'reviewed', args: { amount: 2 } },
  )
  await graph.invoke(ask, config)
  const { approvals } = await lelu.approvals.list({ state: 'pending' })
  const idOf = (call: string) =>
    approvals.find(({ request }) => request.call.id.startsWith(call))?.id ?? ''
  await lelu.approvals.review(idOf('r2'), { verdict: 'approve', reviewer })
  await graph.invoke(new Command({ resume: true }), config)
  expect(ran).toEqual([{ tool: 'reviewed', input: { amount: 2, note: 'none' } }])
  await lelu.approvals.review(idOf('r1'), { verdict: 'approve', reviewer })
  const messages = toolMessages(await graph.invoke(new Command({ resume: true }), config))
  expect([messages.r1?.text, messages.r2?.text]).toEqual(['reviewed did 1', 'reviewed did 2'])
  expect(ran).toHaveLength(2)
})

function agentWithTools(
  tools: DynamicStructuredTool[],
  answer: AIMessage,
  middleware: Parameters<typeof createAgent>[0]['middleware'] = [],
) {
  const model = fakeModel().respond(answer).respond(new AIMessage('Finished.'))
  return agentOf({ model, tools, middleware })
}

test('inside the tool the policy decides on what middleware made of the arguments', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const meddler = createMiddleware({
    name: 'Meddler',
    wrapToolCall: (request, handler) =>
      handler({ ...request, toolCall: { ...request.toolCall, args: { amount: 999 } } }),
  })
  const guarded = tools.map((one) =>
    guardTool(one, { lelu, subject }),
  ) as unknown as DynamicStructuredTool[]
  const agent = agentWithTools(guarded, calling({ name: 'reviewed' }), [meddler])
  const id = waitingId(await agent.invoke(ask, config))
  expect((await lelu.approvals.get(id)).request.call.input).toEqual({ amount: 999, note: 'none' })
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await agent.invoke(new Command({ resume: true }), config)
  expect(ran).toEqual([{ tool: 'reviewed', input: { amount: 999, note: 'none' } }])
})

test('a guarded tool in a guarded agent is decided once, and runs once', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const guarded = tools.map((one) =>
    guardTool(guardTool(one, { lelu, subject }), { lelu, subject }),
  )
  const agent = agentWithTools(
    guarded as unknown as DynamicStructuredTool[],
    calling({ name: 'reviewed' }),
    [leluMiddleware({ lelu, subject })],
  )
  await approve(lelu, await agent.invoke(ask, config))
  const result = await agent.invoke(new Command({ resume: true }), config)
  expect(toolMessages(result).call_0?.text).toBe('reviewed did 5')
  expect((await lelu.approvals.list()).approvals).toHaveLength(1)
  expect(ran).toHaveLength(1)
})

test('a tool that calls a guarded tool itself does not wait for itself', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const [allowed] = tools
  if (allowed === undefined) throw new Error('no tool')
  const inner = guardTool(allowed, { lelu, subject })
  const outer = tool(
    async (_input, runtime) => {
      const call = { type: 'tool_call' as const, id: 'inner', name: 'allowed', args: { amount: 1 } }
      return (await inner.invoke(call, runtime)).text
    },
    { name: 'allowed_outer', schema: z.object({}) },
  )
  const agent = agentWithTools(
    [guardTool(outer, { lelu, subject })],
    calling({ name: 'allowed_outer', args: {} }),
  )
  expect(toolMessages(await agent.invoke(ask, config)).call_0?.text).toBe('allowed did 1')
  expect(ran).toHaveLength(1)
})

test('outside a graph a guarded tool does not run', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const [allowed] = tools
  if (allowed === undefined) throw new Error('no tool')
  const guarded = guardTool(allowed, { lelu, subject })
  const call = { type: 'tool_call' as const, id: 'x', name: 'allowed', args: { amount: 1 } }
  await expect(guarded.invoke(call)).rejects.toMatchObject({ code: 'LELU_CHECKPOINTER_MISSING' })
  await expect(guarded.invoke({ amount: 1 })).rejects.toMatchObject({
    code: 'LELU_CHECKPOINTER_MISSING',
  })
  expect(ran).toEqual([])
})

test('a refusal of a tool with an artifact is a pair that the framework takes', async () => {
  const lelu = await openLelu()
  const make = (name: string) =>
    tool(() => ['text', { rows: 1 }], {
      name,
      schema: z.object({}),
      responseFormat: 'content_and_artifact',
    })
  const guarded = ['allowed', 'denied'].map((name) => guardTool(make(name), { lelu, subject }))
  const answer = calling(
    { id: 'a', name: 'allowed', args: {} },
    { id: 'd', name: 'denied', args: {} },
  )
  const messages = toolMessages(
    await agentWithTools(guarded as unknown as DynamicStructuredTool[], answer).invoke(ask, config),
  )
  expect(messages.a).toMatchObject({ content: 'text', artifact: { rows: 1 }, status: 'success' })
  expect(messages.d).toMatchObject({ status: 'error' })
  expect(messages.d?.text).toContain('Denied by policy')
})

test.each([
  ['an object', () => ({ a: 1 })],
  ['text', () => 'text'],
  ['a list of content blocks', () => [{ type: 'text', text: 'block' }]],
  ['a list of numbers', () => [1, 2]],
  ['nothing', () => undefined],
])('%s as a result gives the message it gives without us', async (_name, result) => {
  const lelu = await openLelu()
  const make = () => tool(result as () => string, { name: 'allowed', schema: z.object({}) })
  const answer = () => calling({ name: 'allowed', args: {} })
  const plain = toolMessages(await agentWithTools([make()], answer()).invoke(ask, config)).call_0
  const guarded = guardTool(make(), { lelu, subject })
  const found = toolMessages(await agentWithTools([guarded], answer()).invoke(ask, config)).call_0
  const { id: _a, ...expected } = plain?.toDict().data ?? {}
  const { id: _b, ...actual } = found?.toDict().data ?? {}
  expect(actual).toEqual(expected)
})

test('a tool that yields events runs inside its permission, and its events go out', async () => {
  const lelu = await openLelu()
  const events: unknown[] = []
  let finished = false
  const yielding = tool(
    async function* () {
      yield 'half'
      finished = true
      return 'whole'
    },
    { name: 'allowed', schema: z.object({}) },
  )
  const guarded = guardTool(yielding, { lelu, subject }) as unknown as DynamicStructuredTool
  const agent = agentWithTools([guarded], calling({ name: 'allowed', args: {} }))
  const handleToolEvent = (event: unknown) => void events.push(event)
  const result = await agent.invoke(ask, { ...config, callbacks: [{ handleToolEvent }] as never })
  expect(toolMessages(result).call_0?.text).toBe('whole')
  expect(finished).toBe(true)
  expect(events).toEqual(['half'])
})

test('name, description, schema, settings, class and type of a tool survive', async () => {
  const lelu = await openLelu()
  const original = tool(({ amount }) => `${amount}`, {
    name: 'allowed',
    description: 'Does it.',
    schema: z.object({ amount: z.number().default(1) }),
    responseFormat: 'content',
    returnDirect: true,
    metadata: { owner: 'me' },
    tags: ['tag'],
    extras: { defer_loading: true },
  })
  const guarded = guardTool(original, { lelu, subject })
  for (const member of [
    'name',
    'description',
    'responseFormat',
    'returnDirect',
    'metadata',
    'tags',
    'extras',
  ] as const) {
    expect(guarded[member]).toBe(original[member])
  }
  expect(guarded.schema).toBe(original.schema)
  expect(guarded).toBeInstanceOf(DynamicStructuredTool)
  expect(JSON.stringify(convertToOpenAITool(guarded))).toBe(
    JSON.stringify(convertToOpenAITool(original)),
  )
  expectTypeOf(guarded).toEqualTypeOf(original)
  expectTypeOf(guarded.name).toEqualTypeOf<'allowed'>()
})

test('what is no tool is refused by guardTool', async () => {
  const lelu = await openLelu()
  for (const wrong of [undefined, {}, { type: 'web_search' }]) {
    expect(() => guardTool(wrong, { lelu, subject })).toThrow('cannot be guarded')
  }
})
