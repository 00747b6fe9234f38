import { type ConfidenceReader, selfReport } from '@lelu/confidence'
import { tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import {
  answers,
  approveAll,
  createTools,
  generate,
  guardWith,
  openLelu,
  stream,
} from './support.ts'

const trade = (more: object = {}) => [{ id: 't', tool: 'trade', input: { amount: 5, ...more } }]

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
