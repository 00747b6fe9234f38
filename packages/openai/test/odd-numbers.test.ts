import { zodFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfidenceReader } from '../src/index.ts'
import { call, conversation, copy, openWorld, respond, reviewer } from './support.ts'

// -0 is 0 in JSON, and 1e999 is a number there that no double holds. Neither may turn into something else on its way.

const reader: ConfidenceReader = Object.assign(() => undefined, {
  added: { name: 'sure', schema: { type: 'number' } },
})

function limitTool() {
  const seen: unknown[] = []
  const tool = zodFunction({
    name: 'allowed',
    parameters: z.object({ limit: z.number().nullable() }),
    function: async (input) => `number ${seen.push(input)}`,
  })
  return { seen, tool }
}

test.each(['allowed_read', 'reviewed_read'])(
  'a hosted call of %s with -0.0 is approved',
  async (name) => {
    const { guard, lelu } = await openWorld()
    const { response } = await respond([{ ...call('m', name, '{"at":-0.0}'), type: 'mcp' }])
    const first = await guard.executeOutput(response)
    for (const { approvalId } of first.pending) {
      await lelu.approvals.review(approvalId, { verdict: 'approve', reviewer })
    }
    const { items } = await guard.executeOutput(copy(response))
    expect(items).toMatchObject([{ approve: true }])
  },
)

test('a hosted call of other arguments than those that were approved is still refused', async () => {
  const { guard } = await openWorld()
  const { response } = await respond([
    { ...call('m', 'allowed_read', '{"at":1e999}'), type: 'mcp' },
  ])
  expect((await guard.executeOutput(response)).items).toMatchObject([{ approve: false }])
})

test('an edit that the tool reads as -0 runs', async () => {
  const seen: unknown[] = []
  const tool = zodFunction({
    name: 'reviewed',
    parameters: z.object({ amount: z.preprocess((n) => (n === 0 ? -0 : n), z.number()) }),
    function: async (input) => `number ${seen.push(input)}`,
  })
  const { guard, lelu } = await openWorld({ tools: [tool] })
  const { message, messages } = await conversation([call('a', 'reviewed', { amount: 5 })])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const edit = { verdict: 'approve' as const, reviewer, input: { amount: 0 } }
  await lelu.approvals.review(pending[0]?.approvalId ?? '', edit)
  const done = await guard.executeToolCalls(copy(message), { messages })
  expect(done.messages[0]?.content).toContain('number 1')
})

test.each(['{"limit":1e999}', '{"limit":-1e999}', '{"limit":1e999,"sure":0.9}'])(
  'the arguments %s do not become null, and run nothing',
  async (text) => {
    const { seen, tool } = limitTool()
    const { guard } = await openWorld({ tools: [tool], confidence: reader })
    const { message, messages } = await conversation([call('a', 'allowed', text)])
    const { messages: answers } = await guard.executeToolCalls(message, { messages })
    expect(answers[0]?.content).toContain('do not pass the schema')
    expect(seen).toEqual([])
    // Nor for `parse()` and `stream()` of the SDK, which use the parser of the shown tool.
    const { $parseRaw } = guard.tools[0] as unknown as { $parseRaw(text: string): unknown }
    expect(() => $parseRaw(text)).toThrow()
  },
)

test('a runner that hands over what is no number in JSON runs nothing', async () => {
  const { seen, tool } = limitTool()
  const { guard } = await openWorld({ tools: [tool], mode: 'tell-model' })
  const output = await guard.runnerFunction(tool).execute({ limit: Infinity })
  expect(output).toContain('do not pass the schema')
  expect(seen).toEqual([])
})

test('a tool without a parser is not called with null for a number that no double holds', async () => {
  const seen: string[] = []
  const tool = {
    type: 'function' as const,
    function: { name: 'allowed', function: (text: string) => `number ${seen.push(text)}` },
  }
  const { guard } = await openWorld({ tools: [tool] })
  const { message, messages } = await conversation([call('a', 'allowed', '{"limit":1e999}')])
  await guard.executeToolCalls(message, { messages })
  expect(seen.filter((text) => text.includes('null'))).toEqual([])
})

test('a number of more digits than a double holds reaches the own parser of a tool whole, with the field of a reader too', async () => {
  const seen: unknown[] = []
  const parse = (text: string) => ({ account: /"account":\s*(\d+)/.exec(text)?.[1] ?? text })
  const tool = {
    type: 'function' as const,
    function: {
      name: 'allowed',
      parameters: { type: 'object', properties: { account: { type: 'integer' } } },
      parse,
      function: (input: unknown) => `number ${seen.push(input)}`,
    },
  }
  const { guard } = await openWorld({ tools: [tool], confidence: reader })
  const text = '{"account": 12345678901234567891, "sure": 0.9}'
  const { message, messages } = await conversation([call('a', 'allowed', text)])
  await guard.executeToolCalls(message, { messages })
  expect(seen).toEqual([{ account: '12345678901234567891' }])
  const { parse: shown } = (guard.tools[0] as unknown as typeof tool).function
  expect(shown(text)).toEqual({ account: '12345678901234567891' })
})
