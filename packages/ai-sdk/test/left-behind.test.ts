import { LeluError, notRun } from '@lelu/engine/adapter'
import { convertToModelMessages, type ModelMessage, type ToolSet, tool, type UIMessage } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, createTools, generate, guardWith, openLelu } from './support.ts'

const well: ModelMessage = { role: 'user', content: 'Well?' }

type Options = { edited?: { amount: number }; execute?: () => unknown }

/** A call that was approved and executed by a request whose answer the app never stored. */
async function lost({ edited, execute = () => 'paid, receipt 77' }: Options = {}) {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const ran: unknown[] = []
  const tools: ToolSet = {
    reviewed: tool({
      inputSchema: z.object({ amount: z.number() }),
      execute(input) {
        ran.push(input)
        return execute()
      },
    }),
  }
  const { model } = scriptedModel([[{ id: 'x', tool: 'reviewed', input: { amount: 5 } }]])
  const { messages } = await generate({ guard, tools, model })
  await approveAll(lelu, edited === undefined ? {} : { input: edited })
  const down = new MockLanguageModelV4({ doGenerate: () => Promise.reject(new Error('503')) })
  const run = async () => {
    const settled = await guard.settle(messages)
    return generate({ guard, tools, model: down, messages: settled.messages }).catch(() => {})
  }
  return { guard, tools, ran, messages, run }
}

const chatOf = (state: string, approval: object = { id: 'sdk-1' }): UIMessage[] => [
  { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'Go on.' }] },
  {
    id: 'a1',
    role: 'assistant',
    parts: [
      { type: 'tool-reviewed', toolCallId: 'x', state, input: { amount: 5 }, approval } as never,
    ],
  },
  { id: 'u2', role: 'user', parts: [{ type: 'text', text: 'Well?' }] },
]

test('of a call that ran before it was left behind, the model is told the kept result', async () => {
  const { guard, tools, ran, messages, run } = await lost()
  await run()
  const closed = await guard.cancelAbandoned([...messages, well])
  const paid = { type: 'text', value: 'paid, receipt 77' }
  expect(answers(closed).x).toEqual(paid)
  for (const state of ['approval-requested', 'approval-responded']) {
    for (const approved of state === 'approval-requested' ? [undefined] : [true, false]) {
      // What the user pressed says nothing of what has run already.
      const chat = chatOf(state, { id: 'sdk-1', ...(approved !== undefined && { approved }) })
      const shown = await guard.cancelAbandoned(chat)
      expect(shown[1]?.parts[0]).toMatchObject({ state: 'output-available', output: paid.value })
      const asked = await convertToModelMessages(shown, { tools: guard.tools(tools) })
      expect(answers(asked).x).toEqual(paid)
    }
  }
  expect(ran).toHaveLength(1)
})

test('calls of one step that were left behind are closed in their order', async () => {
  const guard = guardWith(await openLelu())
  const { tools } = createTools()
  const calls = ['first', 'second', 'third'].map((id) => ({
    id,
    tool: 'reviewed',
    input: { amount: 1 },
  }))
  for (const beside of [[], [{ id: 'done', tool: 'allowed', input: { amount: 1 } }]]) {
    const { model } = scriptedModel([[...beside, ...calls]])
    const { messages } = await generate({ guard, tools, model })
    const closed = await guard.cancelAbandoned([...messages, well])
    expect(Object.keys(answers(closed))).toEqual([...beside, ...calls].map(({ id }) => id))
  }
})

test('the kept result is told as its tool shows it, with the note of an edit', async () => {
  const value = { receipt: 77, secret: 's' }
  const { guard, tools, messages, run } = await lost({
    edited: { amount: 6 },
    execute: () => value,
  })
  await run()
  const shown = { type: 'text' as const, value: 'receipt 77' }
  const own = { reviewed: { ...tools.reviewed, toModelOutput: () => shown } } as ToolSet
  for (const set of [own, guard.tools(own)]) {
    const closed = await guard.cancelAbandoned([...messages, well], { tools: set })
    const said = answers(closed).x as typeof shown
    expect(said.value).toMatch(/^A reviewer changed the input .*\{"amount":6\}\nreceipt 77$/)
  }
  const bare = answers(await guard.cancelAbandoned([...messages, well])).x
  expect(bare).toMatchObject({ type: 'json', value: { result: value } })
  const chat = await guard.cancelAbandoned(chatOf('approval-requested'))
  expect(chat[1]?.parts[0]).toMatchObject({ output: value }) // for the app it keeps its type
  const asked = answers(await convertToModelMessages(chat, { tools: guard.tools(own) })).x
  expect((asked as typeof shown).value).toMatch(/^A reviewer changed .*\nreceipt 77$/)
})

test.each([
  ['failed', () => Promise.reject(new Error('half of it')), /^The call of .* ran and failed\./],
  [
    'was aborted',
    () => Promise.reject(new DOMException('stop', 'AbortError')),
    /^Whether the call of .* took effect is not known\./,
  ],
  ['has a result that was not kept', () => 'x'.repeat(70_000), /ran, but its result was not kept/],
])('of a call that %s, the model is told no more than is known', async (_what, execute, text) => {
  const { guard, ran, messages, run } = await lost({ execute })
  await run()
  const closed = await guard.cancelAbandoned([...messages, well])
  expect(answers(closed).x).toEqual({ type: 'error-text', value: expect.stringMatching(text) })
  const chat = await guard.cancelAbandoned(chatOf('approval-requested'))
  expect(chat[1]?.parts[0]).toMatchObject({
    state: 'output-error',
    errorText: expect.stringMatching(text),
  })
  expect(ran).toHaveLength(1)
})

test('of a call that was not run after all, the model is told that it did not run', async () => {
  const reason = new LeluError('LELU_CALL_INVALID', 'Not now.', { help: 'None.' })
  const { guard, messages, run } = await lost({ execute: () => Promise.reject(notRun(reason)) })
  await run()
  const closed = await guard.cancelAbandoned([...messages, well])
  expect(answers(closed).x).toMatchObject({ type: 'execution-denied' })
})

test('of a call that is running when it is left behind, the model is told that it runs', async () => {
  const gate = Promise.withResolvers<string>()
  const { guard, ran, messages, run } = await lost({ execute: () => gate.promise })
  const running = run()
  await expect.poll(() => ran.length).toBe(1)
  const closed = answers(await guard.cancelAbandoned([...messages, well])).x
  expect(closed).toMatchObject({ value: expect.stringContaining('is running right now') })
  gate.resolve('done')
  await running
})

test('a history that was altered since is not told the result of another call', async () => {
  const { guard, messages, run } = await lost()
  await run()
  const text = JSON.stringify([...messages, well])
  for (const altered of [
    text.replaceAll('"amount":5', '"amount":9'),
    text.replaceAll('"reviewed"', '"other"'),
  ]) {
    const closed = answers(await guard.cancelAbandoned(JSON.parse(altered) as ModelMessage[])).x
    expect(closed).toMatchObject({ value: expect.stringContaining('another tool or input') })
  }
  const named = JSON.stringify(chatOf('approval-requested')).replace(
    '"tool-reviewed"',
    '"tool-other","toolName":"reviewed"',
  )
  const chat = await guard.cancelAbandoned(JSON.parse(named) as UIMessage[])
  expect(chat[1]?.parts[0]).toMatchObject({ state: 'output-error' })
})
