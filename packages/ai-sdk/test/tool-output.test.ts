import { type ToolSet, tool } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, generate, guardWith, logOf, openLelu, reviewer } from './support.ts'

const inputSchema = z.object({ amount: z.number() })
const note = 'A reviewer changed the input of this call. It ran with: {"amount":2}'

/** What the app and the model get for a call that a reviewer edited. */
async function edited(reviewed: ToolSet[string], input = { amount: 2 }, replays = true) {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const tools = { reviewed }
  const { model } = scriptedModel([[{ id: 'r', tool: 'reviewed', input: { amount: 5 } }]])
  const first = await generate({ guard, tools, model })
  await approveAll(lelu, { input })
  const { messages } = await guard.settle(first.messages)
  const post = () => generate({ guard, tools, messages, model: scriptedModel([]).model })
  const once = answers((await post()).messages).r
  if (replays) expect(answers((await post()).messages).r).toEqual(once)
  return once
}

test('the model is told of an edit, in every form that a result can have', async () => {
  const text = tool({ inputSchema, execute: ({ amount }) => `did ${amount}` })
  expect(await edited(text)).toEqual({ type: 'text', value: `${note}\ndid 2` })

  const data = tool({ inputSchema, execute: ({ amount }) => ({ did: amount }) })
  expect(await edited(data)).toEqual({ type: 'json', value: { note, result: { did: 2 } } })

  const shown = tool({
    inputSchema,
    execute: ({ amount }) => ({ did: amount }),
    toModelOutput: ({ output }) => ({ type: 'text', value: `shown ${output.did}` }),
  })
  expect(await edited(shown)).toEqual({ type: 'text', value: `${note}\nshown 2` })

  const parts = tool({
    inputSchema,
    execute: ({ amount }) => `did ${amount}`,
    toModelOutput: ({ output }) => ({ type: 'content', value: [{ type: 'text', text: output }] }),
  })
  expect(await edited(parts)).toEqual({
    type: 'content',
    value: [
      { type: 'text', text: note },
      { type: 'text', text: 'did 2' },
    ],
  })

  const nothing = tool({ inputSchema, execute: () => undefined })
  expect(await edited(nothing)).toEqual({ type: 'json', value: { note, result: null } })
})

test('the model is told of an edit of a text, as a custom tool takes it, and of that call alone', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const ok = { ok: true } // one object for every call
  const reviewed = tool({ inputSchema: z.string(), execute: () => ok })
  const calls = ['first', 'second'].map((id) => ({ id, tool: 'reviewed', input: `DROP ${id}` }))
  const first = await generate({ guard, tools: { reviewed }, model: scriptedModel([calls]).model })
  const { approvals } = await lelu.approvals.list()
  for (const { id, request } of approvals) {
    const input = request.call.id === 'first#0' ? { input: 'SELECT 1' } : {}
    await lelu.approvals.review(id, { verdict: 'approve', reviewer, ...input })
  }
  const { messages } = await guard.settle(first.messages)
  const model = scriptedModel([]).model
  const next = await generate({ guard, tools: { reviewed }, model, messages })
  expect(answers(next.messages)).toEqual({
    first: { type: 'json', value: { note: expect.stringContaining('"SELECT 1"'), result: ok } },
    second: { type: 'json', value: ok },
  })
})

test.each([
  ['refuses', z.number().refine((amount) => amount === 5)],
  ['would change', z.number().transform((amount) => (amount === 5 ? 5 : amount * 2))],
])(
  "an edit that the tool's own schema %s does not run, though its JSON Schema takes it",
  async (_what, amount) => {
    const ran: number[] = []
    const reviewed = tool({
      inputSchema: z.object({ amount }),
      execute: (input) => `${ran.push(input.amount)}`,
    })
    const answer = JSON.stringify(await edited(reviewed, { amount: 3 }, false))
    expect(answer).toContain('does not pass the schema of the tool')
    expect(ran).toEqual([])
  },
)

test('results are shown to the model as without us, whatever they are', async () => {
  const outputs = {
    allowed_text: 'text',
    allowed_data: { at: new Date(0), gone: undefined, list: [1] },
    allowed_number: 7,
    allowed_null: null,
    allowed_nothing: undefined,
  }
  const tools: ToolSet = Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => [
      name,
      tool({ inputSchema: z.object({}), execute: () => output }),
    ]),
  )
  const calls = Object.keys(outputs).map((name) => ({ id: name, tool: name, input: {} }))
  const guard = guardWith(await openLelu())
  const bare = {
    ...guard,
    tools: <T>(given: T) => given,
    toolApproval: () => async () => undefined,
  }
  const ours = await generate({ guard, tools, model: scriptedModel([calls]).model })
  const theirs = await generate({ guard: bare, tools, model: scriptedModel([calls]).model })
  expect(answers(ours.messages)).toEqual(answers(theirs.messages))
  expect(Object.keys(answers(ours.messages))).toHaveLength(5)
})

test('a property that a transform leaves undefined is one that is not there', async () => {
  const lelu = await openLelu()
  const nullable = z
    .string()
    .nullable()
    .transform((text) => text ?? undefined)
  const plain = tool({
    inputSchema: z.object({ name: nullable, list: z.array(z.object({ name: nullable })) }),
    execute: (input) => JSON.stringify(input),
  })
  const input = { name: null, list: [{ name: null }, { name: 'a' }] }
  const { model } = scriptedModel([[{ id: 'a', tool: 'allowed', input }]])
  const { messages } = await generate({ guard: guardWith(lelu), tools: { allowed: plain }, model })
  expect(answers(messages).a).toEqual({ type: 'text', value: '{"list":[{},{"name":"a"}]}' })
  expect(logOf(lelu)).toEqual(['decision allow', 'outcome completed'])
})

test('an input that is not JSON is refused, and nothing runs', async () => {
  let runs = 0
  const on = z.string().transform((text) => new Date(text))
  const dated = tool({ inputSchema: z.object({ on }), execute: () => `${++runs}` })
  const { model } = scriptedModel([[{ id: 'a', tool: 'allowed', input: { on: '2026-01-01' } }]])
  const guard = guardWith(await openLelu())
  const { messages } = await generate({ guard, tools: { allowed: dated }, model })
  expect(answers(messages).a).toMatchObject({
    type: 'execution-denied',
    reason: expect.stringContaining('Do not retry the same call.'),
  })
  expect(runs).toBe(0)
})

test('a tool that changes its input changes only its own copy', async () => {
  const greedy = tool({
    inputSchema,
    execute: (input) => JSON.stringify(Object.assign(input, { amount: 7 })),
  })
  const guard = guardWith(await openLelu())
  const { model } = scriptedModel([[{ id: 'a', tool: 'allowed', input: { amount: 5 } }]])
  const { result, messages } = await generate({ guard, tools: { allowed: greedy }, model })
  expect(answers(messages).a).toEqual({ type: 'text', value: '{"amount":7}' })
  expect(result.steps[0]?.toolCalls[0]?.input).toEqual({ amount: 5 })
})
