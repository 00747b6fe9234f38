import { RunnableLambda } from '@langchain/core/runnables'
import { convertToOpenAITool } from '@langchain/core/utils/function_calling'
import { MemorySaver } from '@langchain/langgraph'
import { AIMessage, createAgent, createMiddleware, fakeModel, tool, toolStrategy } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { type ConfidenceReader, guardTool, leluMiddleware, pendingApprovals } from '../src/index.ts'
import { SpeakingModel } from './speaking-model.ts'
import { agentOf, answering, ask, calling, config, openLelu, rootOf, subject } from './support.ts'

type Tools = NonNullable<Parameters<typeof createAgent>[0]['tools']>
type Lelu = Awaited<ReturnType<typeof openLelu>>

const schema = z.object({ amount: z.number() })

const sure = (value: number) =>
  ({ method: 'external', trust: 'adapter', value, score: Math.log(value / (1 - value)) }) as const

const added = { name: 'confidence', schema: { type: 'number' } }

/** Asks the model itself, in a field that is added to every tool. */
const selfReport: ConfidenceReader = Object.assign(() => sure(0.5), { added })

function traderOf(lelu: Lelu, model: ReturnType<typeof fakeModel>, confidence: ConfidenceReader) {
  const ran: unknown[] = []
  const trade = tool((input) => `${ran.push(input)}`, { name: 'trade', schema })
  const agent = agentOf({
    model,
    tools: [trade],
    middleware: [leluMiddleware({ lelu, subject, confidence })],
  })
  return { agent, ran }
}

const readers: [string, ConfidenceReader][] = [
  ['a reader', () => sure(0.5)],
  ['a self-report', selfReport],
]

test.each(readers)('with %s an agent gives its structured response', async (_name, confidence) => {
  const lelu = await openLelu()
  const response = z.object({ text: z.string(), confidence: z.number() }).meta({ title: 'answer' })
  for (const version of ['v1', 'v2'] as const) {
    const args = { text: 'yes', confidence: 0.3 }
    const format = toolStrategy(response)
    const agent = createAgent({
      model: fakeModel().respond(calling({ id: 's', name: format[0]?.name ?? '', args })),
      tools: [],
      version,
      responseFormat: format,
      middleware: [leluMiddleware({ lelu, subject, confidence })],
      checkpointer: new MemorySaver(),
    })
    const { structuredResponse } = await agent.invoke(ask, {
      configurable: { thread_id: version },
    })
    expect(structuredResponse).toEqual(args)
  }
})

test('what other models say of a call is no part of the stream of the app', async () => {
  const lelu = await openLelu()
  const allowed = tool(() => 'done', { name: 'allowed', schema })
  const second = new SpeakingModel('second', 'A secret thought.')
  const confidence: ConfidenceReader = async ({ ask: opinion }) => {
    expect(await opinion?.(second, new AbortController().signal)).toHaveLength(1)
    return sure(0.5)
  }
  const agent = agentOf({
    model: new SpeakingModel('main', 'I will.'),
    tools: [allowed],
    middleware: [leluMiddleware({ lelu, subject, confidence })],
  })
  const said: string[] = []
  const stream = await agent.stream(ask, { ...config, streamMode: 'messages' as const })
  for await (const [message] of stream) said.push(message.text)
  expect(said).toEqual(['I will.', 'done', 'Finished.'])
})

const forms: [string, z.ZodType][] = [
  ['a union', z.union([schema, z.object({ confidence: z.number() })])],
  [
    'a choice by kind',
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a') }),
      z.object({ kind: z.literal('b'), confidence: z.number() }),
    ]),
  ],
]

test.each(forms)(
  'the field of a self-report is refused where %s of the tool has it',
  async (_name, form) => {
    const lelu = await openLelu()
    const own = tool(() => 'done', { name: 'allowed', schema: form as unknown as typeof schema })
    const options = { lelu, subject, confidence: selfReport }
    const wrong = expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' })
    expect(() => guardTool(own, options)).toThrow(wrong)
    const agent = agentOf({
      model: fakeModel().respond(calling({ name: 'allowed' })),
      tools: [own],
      middleware: [leluMiddleware(options)],
    })
    expect(await rootOf(agent.invoke(ask, config))).toMatchObject({ code: 'LELU_OPTIONS_INVALID' })
  },
)

test('a tool that was not shown the field keeps its own field of that name', async () => {
  const lelu = await openLelu()
  const ran: unknown[] = []
  const own = tool((input) => `${ran.push(input)}`, {
    name: 'allowed_later',
    schema: schema.extend({ confidence: z.number() }),
  })
  const definition = { type: 'function', function: { name: 'allowed_later', parameters: {} } }
  const supplier = createMiddleware({
    name: 'Supplier',
    wrapModelCall: (request, handler) =>
      handler({ ...request, tools: [...request.tools, definition] as typeof request.tools }),
    wrapToolCall: (request, handler) => handler({ ...request, tool: own }),
  })
  const args = { amount: 5, confidence: 0.1 }
  const agent = agentOf({
    model: answering(calling({ name: 'allowed_later', args })),
    tools: [],
    middleware: [supplier, leluMiddleware({ lelu, subject, confidence: selfReport })],
  })
  await agent.invoke(ask, config)
  expect(ran).toEqual([args])
})

test('a tool is shown with the field and all else it has, a runnable too', async () => {
  const lelu = await openLelu()
  const plain = tool(() => 'done', {
    name: 'allowed',
    description: 'Does it.',
    schema,
    extras: { defer_loading: true },
  })
  const runnable = RunnableLambda.from((input: unknown) => JSON.stringify(input)).asTool({
    name: 'allowed_too',
    description: 'Does it, too.',
    schema,
  })
  const model = new SpeakingModel('main', 'I will.')
  const agent = agentOf({
    model,
    tools: [plain, runnable] as Tools,
    middleware: [leluMiddleware({ lelu, subject, confidence: selfReport })],
  })
  await agent.invoke(ask, config)
  expect(model.shown).toMatchObject([
    { name: 'allowed', description: 'Does it.', extras: { defer_loading: true } },
    { name: 'allowed_too', description: 'Does it, too.' },
  ])
  for (const shown of model.shown) {
    const { parameters } = convertToOpenAITool(shown as typeof plain).function
    expect(parameters).toMatchObject({ type: 'object', required: ['amount', 'confidence'] })
  }
})

test('a message that is copied into another thread brings no confidence along', async () => {
  const lelu = await openLelu()
  const model = fakeModel().respond(calling({ name: 'trade' }))
  for (const _more of [1, 2]) model.respond(new AIMessage('Finished.'))
  // As for the other models: the question is known only where the model has just answered.
  const { agent, ran } = traderOf(lelu, model, ({ ask: known }) =>
    known === undefined ? undefined : sure(0.99),
  )
  const [, answer] = (await agent.invoke(ask, config)).messages
  expect(ran).toHaveLength(1)
  const other = { configurable: { thread_id: 'other' } }
  const messages = [...ask.messages, answer as AIMessage]
  await agent.graph.updateState(other, { messages }, 'model_request')
  const forged = await agent.invoke(null, other)
  expect(pendingApprovals(forged)).toHaveLength(1)
  expect(ran).toHaveLength(1)
})

test('a reader knows the calls in front of its own, as the model wrote them', async () => {
  const lelu = await openLelu()
  const seen: unknown[] = []
  const confidence: ConfidenceReader = Object.assign(
    ({ call, before }: Parameters<ConfidenceReader>[0]) => {
      seen.push([call.id, before])
      return undefined
    },
    { added },
  )
  const args = { amount: 5, confidence: 0.5 }
  const twice = calling({ id: 'a', name: 'trade', args }, { id: 'b', name: 'trade', args })
  await traderOf(lelu, fakeModel().respond(twice), confidence).agent.invoke(ask, config)
  expect(seen).toEqual([
    ['a', []],
    ['b', [{ tool: 'trade', input: { amount: 5 } }]],
  ])
})

test('a call beside a structured response is read, and the call that gives the response is not', async () => {
  const lelu = await openLelu()
  const read: string[] = []
  const confidence: ConfidenceReader = ({ call, ask: opinion }) => {
    // Other models can be asked right when the model has answered, and never later.
    if (opinion !== undefined) read.push(call.tool)
    return sure(0.95)
  }
  const trade = calling({ id: 't', name: 'trade' })
  const native = createMiddleware({
    name: 'Native',
    async wrapModelCall(request, handler) {
      const answer = await handler(request)
      return { structuredResponse: {}, messages: [answer] } as unknown as AIMessage
    },
  })
  const ran: unknown[] = []
  const agent = agentOf({
    model: answering(trade),
    tools: [tool((input) => `${ran.push(input)}`, { name: 'trade', schema })],
    middleware: [leluMiddleware({ lelu, subject, confidence }), native],
  })
  await agent.invoke(ask, config).catch(() => undefined)
  expect(read).toEqual(['trade'])

  const format = toolStrategy(z.object({ text: z.string() }).meta({ title: 'answer' }))
  const responding = createAgent({
    model: fakeModel().respond(calling({ name: format[0]?.name ?? '', args: { text: 'yes' } })),
    tools: [],
    responseFormat: format,
    middleware: [leluMiddleware({ lelu, subject, confidence })],
    checkpointer: new MemorySaver(),
  })
  read.length = 0
  await responding.invoke(ask, config)
  expect(read).toEqual([])
})
