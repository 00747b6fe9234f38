import { type ConfidenceReader, selfReport, tokenLogprobs } from '@lelu/confidence'
import {
  generateText,
  isStepCount,
  type ToolCallRepairFunction,
  type ToolSet,
  tool,
  wrapLanguageModel,
} from 'ai'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'
import { expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { scriptedModel, usage } from './scripted-model.ts'
import { createTools, generate, guardWith, openLelu, question, stream } from './support.ts'

const trade = (more: object = {}) => [{ id: 't', tool: 'trade', input: { amount: 5, ...more } }]
const sure: ConfidenceReader = () => ({
  method: 'external',
  trust: 'adapter',
  value: 0.99,
  score: 4.6,
})

const loops = { generate, stream }

test.each(Object.entries(loops))(
  '%s: a reader is told of the calls in front, for an opinion that makes a call once does not make it twice',
  async (_name, run) => {
    const seen: unknown[] = []
    const reader: ConfidenceReader = ({ call: { id }, before }) => {
      seen.push([id, before])
      return undefined
    }
    // With a field of its own, which no opinion would have.
    const confidence = Object.assign(reader, { added: selfReport().added })
    const guard = guardWith(await openLelu(), { confidence })
    const { tools } = createTools()
    const calls = ['a', 'b'].map((id) => ({
      id,
      tool: 'trade',
      input: { amount: 5, confidence: 0.9 },
    }))
    await run({ guard, tools, model: guard.model(scriptedModel([calls]).model) })
    expect(seen).toEqual([
      ['a', undefined],
      ['b', [{ tool: 'trade', input: { amount: 5 } }]],
    ])
  },
)

test.each(Object.entries(loops))(
  "%s: the answer's log-probabilities reach the reader",
  async (_name, run) => {
    const lelu = await openLelu()
    const seen: unknown[] = []
    const reader: ConfidenceReader = (evidence) => {
      const { logprobs, model: name, call } = evidence
      seen.push({ logprobs, name, text: call.text })
      return tokenLogprobs()(evidence)
    }
    const guard = guardWith(lelu, { confidence: reader })
    const { tools, ran } = createTools()
    const logprobs = [{ token: '{"amount":5}', logprob: -0.01, top_logprobs: [] }]
    const { model } = scriptedModel([trade()], { metadata: { openai: { logprobs } } })
    await run({ guard, tools, model: guard.model(model) })
    expect(seen).toEqual([{ logprobs, name: 'mock-model-id', text: '{"amount":5}' }])
    expect(ran).toHaveLength(1)
  },
)

test('a stamp is good for one call, as it was answered', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu, {
    confidence: (evidence) => (evidence.model ? sure(evidence) : undefined),
  })
  const { tools, ran } = createTools()
  const guarded = guard.tools(tools)
  const { model } = scriptedModel([trade()])
  const { content } = await guard.model(model).doGenerate({ prompt: [] })
  const [stamped] = content
  if (stamped?.type !== 'tool-call') throw new Error('no call')
  expect(JSON.stringify(stamped.providerMetadata)).not.toMatch(/0\.99|4\.6/)
  const { providerMetadata } = stamped
  const ask = (call: object) =>
    guard.toolApproval()({
      toolCall: { toolCallId: 't', toolName: 'trade', input: { amount: 5 }, ...call },
      tools: guarded,
      messages: [...question],
      runtimeContext: undefined,
      toolsContext: undefined,
    })
  const waits = { type: 'user-approval' }
  // A stamp of another call, however its history was written, finds nothing.
  expect(await ask({ toolCallId: 'u', providerMetadata })).toMatchObject(waits)
  expect(await ask({ providerMetadata })).toMatchObject(waits) // it is used up
  expect(
    await ask({ providerMetadata: { lelu: { answer: 'x', confidence: 1 } }, toolCallId: 'v' }),
  ).toMatchObject(waits)
  expect(ran).toEqual([])
})

test('of a call that runs elsewhere nothing is kept', async () => {
  const guard = guardWith(await openLelu(), { confidence: sureOfAnswers })
  const { tools } = createTools()
  const { model } = scriptedModel([trade()])
  const { content } = await guard.model(model).doGenerate({ prompt: [] })
  const { providerMetadata = {} } = content[0] as { providerMetadata?: object }
  const ask = (asked: ToolSet) =>
    guard.toolApproval()({
      toolCall: {
        toolCallId: 't',
        toolName: 'trade',
        input: { amount: 5 },
        providerMetadata: { ...providerMetadata },
      },
      tools: asked,
      messages: [...question],
      runtimeContext: undefined,
      toolsContext: undefined,
    })
  const { execute: _execute, ...atClient } = tools.trade
  expect(await ask({ trade: atClient as ToolSet[string] })).toBeUndefined()
  expect(await ask(guard.tools(tools))).toMatchObject({ type: 'user-approval' })
})

test.each([
  ['tool', { toolName: 'trade' }],
  ['id', { toolCallId: 'u' }],
  ['input', { input: { amount: 500 } }],
])('a stamp of a call with another %s counts for nothing', async (_what, change) => {
  const lelu = await openLelu()
  const guard = guardWith(lelu, {
    confidence: (evidence) => (evidence.model ? sure(evidence) : undefined),
  })
  const { tools } = createTools()
  const name = 'toolName' in change ? 'allowed' : 'trade'
  const { model } = scriptedModel([[{ id: 't', tool: name, input: { amount: 5 } }]])
  const { content } = await guard.model(model).doGenerate({ prompt: [] })
  const { providerMetadata } = content[0] as { providerMetadata?: Record<string, unknown> }
  const toolCall = { toolCallId: 't', toolName: name, input: { amount: 5 }, ...change }
  const status = await guard.toolApproval()({
    toolCall: { ...toolCall, ...(providerMetadata && { providerMetadata }) },
    tools: guard.tools(tools),
    messages: [...question],
    runtimeContext: undefined,
    toolsContext: undefined,
  })
  expect(status).toMatchObject({ type: 'user-approval' })
})

test('a call that was repaired has not the confidence of what the model wrote', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu, { confidence: sureOfAnswers })
  const { tools, ran } = createTools()
  const { model } = scriptedModel([trade({ amount: 'many' })])
  const repairToolCall: ToolCallRepairFunction<ToolSet> = async ({ toolCall }) => ({
    ...toolCall,
    input: '{"amount":7}',
  })
  await generateText({
    model: guard.model(model),
    tools: guard.tools(tools) as ToolSet,
    toolApproval: guard.toolApproval(),
    experimental_repairToolCall: repairToolCall,
    messages: question,
  })
  expect(ran).toEqual([])
  expect((await lelu.approvals.list()).approvals[0]?.decision.confidence).toBe(0)
})

/** Sure of what a model has just answered, and of nothing that only stands in a history. */
const sureOfAnswers: ConfidenceReader = (evidence) =>
  evidence.model === undefined ? undefined : sure(evidence)

test('without guard.model, a reader that needs no answer is still asked', async () => {
  const guard = guardWith(await openLelu(), { confidence: sure })
  const { tools, ran } = createTools()
  await generate({ guard, tools, model: scriptedModel([trade()]).model })
  expect(ran).toHaveLength(1)
})

test('calls are held until the answer is finished, let go at its end, and dropped with a failed one', async () => {
  const raws: unknown[] = []
  const guard = guardWith(await openLelu(), { confidence: ({ raw }) => void raws.push(raw) })
  const call = { type: 'tool-call' as const, toolCallId: 't', toolName: 'trade', input: '{}' }
  const ofProvider = { ...call, toolCallId: 'p', providerExecuted: true }
  const finish = {
    type: 'finish' as const,
    finishReason: { unified: 'tool-calls' as const, raw: undefined },
    usage,
  }
  const text = { type: 'text-start' as const, id: 'x' }
  const partsAfter = async (...parts: object[]) => {
    const stream = convertArrayToReadableStream(parts as never[])
    const inner = new MockLanguageModelV4({ doStream: { stream } })
    const model = wrapLanguageModel({ model: inner, middleware: guard.confidence() })
    const types: string[] = []
    for await (const part of (await model.doStream({ prompt: [] })).stream) types.push(part.type)
    return types
  }
  expect(await partsAfter(call, text, finish)).toEqual(['tool-call', 'text-start', 'finish'])
  expect(await partsAfter(call, text)).toEqual(['tool-call', 'text-start'])
  expect(await partsAfter(ofProvider, text, finish)).toEqual(['tool-call', 'text-start', 'finish'])
  const delta = { type: 'text-delta' as const, id: 'x', delta: 'Buy' }
  const thought = { type: 'reasoning-delta' as const, id: 'x', delta: 'Hm' }
  await partsAfter(text, delta, thought, delta, call, finish)
  // As an answer that was not streamed: readers look at its text too.
  expect(raws.at(-1)).toMatchObject({
    content: [{ type: 'text', text: 'BuyBuy' }, { type: 'reasoning', text: 'Hm' }, call],
    finishReason: { unified: 'tool-calls' },
  })
  const error = { type: 'error' as const, error: new Error('cut') }
  expect(await partsAfter(call, text, error, finish)).toEqual(['text-start', 'error', 'finish'])
})

test('a call that the provider runs is not read, and left as it is', async () => {
  const seen: unknown[] = []
  const guard = guardWith(await openLelu(), { confidence: (evidence) => void seen.push(evidence) })
  const call = { toolCallId: 'p', toolName: 'search', input: '{}', providerExecuted: true }
  const content = [{ type: 'tool-call' as const, ...call }]
  const doGenerate = {
    content,
    finishReason: { unified: 'stop' as const, raw: 'stop' },
    usage,
    warnings: [],
  }
  const answer = await guard
    .model(new MockLanguageModelV4({ doGenerate }))
    .doGenerate({ prompt: [] })
  expect(answer.content).toEqual(content)
  expect(seen).toEqual([])
})

test('a reader that does not answer in `confidenceMs` has found nothing', async () => {
  const confidence: ConfidenceReader = () => new Promise(() => {})
  const guard = guardWith(await openLelu(), { confidence, confidenceMs: 20 })
  const { tools, ran } = createTools()
  await generate({ guard, tools, model: guard.model(scriptedModel([trade()]).model) })
  expect(ran).toEqual([])
})

test('a call that was allowed and waits for its turn for more than a minute keeps its confidence', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const guard = guardWith(await openLelu(), { confidence: sure })
  const { tools, ran } = createTools()
  const inputSchema = z.object({ amount: z.number() })
  const slow = tool({ inputSchema, execute: () => String(vi.advanceTimersByTime(61_000)) })
  const calls = [{ id: 's', tool: 'allowed', input: { amount: 1 } }, ...trade()]
  await generateText({
    model: guard.model(scriptedModel([calls]).model),
    ...{ messages: question, maxRetries: 0, stopWhen: isStepCount(5), toolCallConcurrency: 1 },
    ...{ tools: guard.tools({ ...tools, allowed: slow }), toolApproval: guard.toolApproval() },
  })
  expect(ran).toHaveLength(1)
})
