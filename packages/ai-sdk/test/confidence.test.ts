import { type ConfidenceReader, selfReport, tokenLogprobs } from '@lelu/confidence'
import {
  generateText,
  type ToolCallRepairFunction,
  type ToolSet,
  tool,
  wrapLanguageModel,
} from 'ai'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel, usage } from './scripted-model.ts'
import {
  answers,
  approveAll,
  createTools,
  generate,
  guardWith,
  openLelu,
  question,
  stream,
} from './support.ts'

const trade = (more: object = {}) => [{ id: 't', tool: 'trade', input: { amount: 5, ...more } }]
const sure: ConfidenceReader = () => ({
  method: 'external',
  trust: 'adapter',
  value: 0.99,
  score: 4.6,
})

const loops = { generate, stream }

test.each(Object.entries(loops))(
  '%s: a self report decides, and nobody else sees it',
  async (_name, run) => {
    const lelu = await openLelu()
    const guard = guardWith(lelu, { confidence: selfReport() })
    const { tools, ran } = createTools()
    const { model, asked } = scriptedModel([trade({ confidence: 0.97 })])
    const { messages } = await run({ guard, tools, model: guard.model(model) })
    expect(JSON.stringify(asked[0]?.tools)).toContain('"confidence"')
    expect(answers(messages).t).toEqual({ type: 'text', value: 'trade did 5' })
    expect(ran).toEqual([{ tool: 'trade', input: { amount: 5, note: 'none' } }])
    expect(JSON.stringify(messages)).not.toContain('confidence')

    const unsure = scriptedModel([trade({ confidence: 0.4 })])
    await run({ guard, tools, model: guard.model(unsure.model) })
    const { approvals } = await lelu.approvals.list()
    expect(approvals.map(({ decision }) => decision.confidence)).toEqual([0.4])
    expect(ran).toHaveLength(1)
  },
)

test.each(Object.entries(loops))(
  '%s: a reader is told of the calls in front, for an opinion that makes a call once does not make it twice',
  async (_name, run) => {
    const seen: unknown[] = []
    const confidence: ConfidenceReader = ({ call: { id }, before }) => {
      seen.push([id, before])
      return undefined
    }
    const guard = guardWith(await openLelu(), { confidence })
    const { tools } = createTools()
    const calls = ['a', 'b'].map((id) => ({ id, tool: 'trade', input: { amount: 5 } }))
    await run({ guard, tools, model: guard.model(scriptedModel([calls]).model) })
    expect(seen).toEqual([
      ['a', undefined],
      ['b', [{ tool: 'trade', input: { amount: 5 } }]],
    ])
  },
)

test('the field does not show in the input as it streams', async () => {
  const guard = guardWith(await openLelu(), { confidence: selfReport() })
  const seen: string[] = []
  const shown = tool({
    inputSchema: z.object({ amount: z.number() }),
    execute: () => 'done',
    onInputDelta: ({ inputTextDelta }) => void seen.push(inputTextDelta),
  })
  const { model } = scriptedModel([trade({ confidence: 0.97 })])
  const { parts } = await stream({ guard, tools: { trade: shown }, model: guard.model(model) })
  expect(seen).toEqual(['{"amount":5}'])
  expect(JSON.stringify(parts)).not.toContain('confidence')
  const order = parts.map(({ type }) => type).filter((type) => /^tool-(input|call)/.test(type))
  expect(order).toEqual(['tool-input-start', 'tool-input-delta', 'tool-input-end', 'tool-call'])
})

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
    const { model } = scriptedModel([trade()], { openai: { logprobs } })
    await run({ guard, tools, model: guard.model(model) })
    expect(seen).toEqual([{ logprobs, name: 'mock-model-id', text: '{"amount":5}' }])
    expect(ran).toHaveLength(1)
  },
)

test('another model is asked the same question, without the field', async () => {
  const found: unknown[] = []
  const other = scriptedModel([
    [
      { id: 'o', tool: 'trade', input: { amount: 6 } },
      { id: 'bare', tool: 'trade', input: { raw: '' } },
      { id: 'broken', tool: 'trade', input: { raw: '{"amount":' } },
    ],
  ])
  const reader: ConfidenceReader = Object.assign(
    async ({ ask }: Parameters<ConfidenceReader>[0]) => {
      found.push(await ask?.(other.model, AbortSignal.timeout(5000)))
      found.push(await ask?.('no model', AbortSignal.timeout(5000)).catch(String))
      return undefined
    },
    { added: { name: 'sure', schema: { type: 'number' } } },
  )
  const guard = guardWith(await openLelu(), { confidence: reader })
  const { model, asked } = scriptedModel([trade({ sure: 1 })])
  const { tools } = createTools()
  await generate({ guard, tools, model: guard.model(model) })
  expect(found).toEqual([
    [
      { tool: 'trade', input: { amount: 6 } },
      { tool: 'trade', input: {} },
    ],
    'TypeError: not a language model',
  ])
  expect(other.asked[0]?.prompt).toEqual(asked[0]?.prompt)
  expect(JSON.stringify(asked[0]?.tools)).toContain('"sure"')
  expect(JSON.stringify(other.asked[0]?.tools)).not.toContain('"sure"')
})

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

test('the confidence of a resumed call is that of its answer, not of the history', async () => {
  const lelu = await openLelu()
  let reads = 0
  const { added } = selfReport()
  const counted: ConfidenceReader = (evidence) => {
    reads += 1
    return selfReport()(evidence)
  }
  const confidence: ConfidenceReader = Object.assign(counted, added && { added })
  const guard = guardWith(lelu, { confidence })
  const { tools, ran } = createTools()
  const { model } = scriptedModel([trade({ confidence: 0.4 })])
  const first = await generate({ guard, tools, model: guard.model(model) })
  await approveAll(lelu)
  const { messages } = await guard.settle(first.messages)
  await generate({ guard, tools, messages, model: scriptedModel([]).model })
  expect(ran).toHaveLength(1)
  const [approval] = (await lelu.approvals.list()).approvals
  expect(approval?.request.confidence?.value).toBe(0.4)
  expect(reads).toBe(1)
})

test('a tool that has the field of the reader itself is an error of the set-up', async () => {
  const guard = guardWith(await openLelu(), { confidence: selfReport({ field: 'amount' }) })
  const { tools, ran } = createTools()
  const { model } = scriptedModel([trade()])
  await expect(generate({ guard, tools, model: guard.model(model) })).rejects.toMatchObject({
    code: 'LELU_OPTIONS_INVALID',
  })
  expect(ran).toEqual([])
})
