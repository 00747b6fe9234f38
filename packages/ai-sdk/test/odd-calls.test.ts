import type { ConfidenceReader } from '@lelu/confidence'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, onTestFinished, test, vi } from 'vitest'
import { scriptedModel } from './scripted-model.ts'
import { createTools, generate, guardWith, openLelu, stream } from './support.ts'

test('a call whose id the SDK would lose leaves nothing to approve, and the model is told', async () => {
  for (const run of [generate, stream]) {
    const lelu = await openLelu()
    const { tools, ran } = createTools()
    const call = { id: '__proto__', input: { amount: 5 } }
    const { model } = scriptedModel([
      [{ ...call, tool: 'reviewed' }],
      [{ ...call, tool: 'allowed' }],
    ])
    const { messages } = await run({ guard: guardWith(lelu), tools, model })
    expect(ran).toEqual([])
    expect((await lelu.approvals.list()).approvals).toEqual([])
    const told = messages.flatMap((message) => (message.role === 'tool' ? message.content : []))
    expect(told).toHaveLength(2)
    expect(JSON.stringify(told)).toContain('A call with this id cannot be answered.')
  }
})

test('a tool that code executes without naming its call does not run, and says what to pass', async () => {
  const { tools, ran } = createTools()
  const { allowed } = guardWith(await openLelu()).tools(tools)
  for (const options of [undefined, {}, { toolCallId: 'a' }, { messages: [] }]) {
    const given = [{ amount: 5, note: 'x' }, options] as never as Parameters<typeof allowed.execute>
    await expect(allowed.execute(...given)).rejects.toMatchObject({
      code: 'LELU_CALL_INVALID',
      help: expect.stringContaining('{ toolCallId, messages }'),
    })
  }
  expect(ran).toEqual([])
})

test.each<[string, ConfidenceReader | undefined]>([
  ['a reader', () => undefined],
  ['no reader', undefined],
])('with %s a call is parsed no more often for being one of many', async (_what, confidence) => {
  const parse = vi.spyOn(JSON, 'parse')
  onTestFinished(() => parse.mockRestore())
  const guard = guardWith(await openLelu(), confidence && { confidence })
  const parsed = async (many: number) => {
    const calls = Array.from({ length: many }, (_, id) => ({
      id: `c${id}`,
      tool: 'allowed',
      input: { amount: 5, note: `the first of ${many}` },
    }))
    const model = guard.model(scriptedModel([calls]).model)
    const { content } = await model.doGenerate({ prompt: [] })
    expect(content).toHaveLength(many)
    const text = JSON.stringify(calls[0]?.input)
    return parse.mock.calls.filter(([given]) => given === text).length / many
  }
  expect(await parsed(50)).toBeLessThanOrEqual(await parsed(1))
})

test('a provider that says nothing under its own name ends no run', async () => {
  const { model } = scriptedModel([[{ id: 'a', tool: 'allowed', input: { amount: 5 } }]])
  const odd = new MockLanguageModelV4({
    async doGenerate(params) {
      return { ...(await model.doGenerate(params)), providerMetadata: { odd: null as never } }
    },
  })
  const { tools, ran } = createTools()
  const guard = guardWith(await openLelu(), { confidence: () => undefined })
  await generate({ guard, tools, model: guard.model(odd) })
  expect(ran).toHaveLength(1)
})
