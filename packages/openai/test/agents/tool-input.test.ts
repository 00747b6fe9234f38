import type { Json } from '@lelu/engine/adapter'
import { type FunctionTool, tool } from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { calling } from './model.ts'
import {
  agentWith,
  answersOf,
  approveAll,
  createTools,
  reviewer,
  temporaryFolder,
} from './support.ts'

type Options = Parameters<typeof tool>[0]

function make(name: string, parameters: unknown, execute: (input: unknown) => unknown, more = {}) {
  const options = { name, description: '', parameters, execute, ...more } as unknown as Options
  return tool(options) as unknown as FunctionTool
}

const step = (name: string, input: unknown) => [calling({ id: 'call_0', tool: name, input })]

test('the policy decides on what the tool gets, not on what the model wrote', async () => {
  // The policy denies the number 666; the model writes a text.
  const { ask, ran } = await agentWith({ steps: step('allowed', { amount: '666' }) })
  expect(answersOf(await ask())[0]?.text).toContain('Denied by policy')
  expect(ran()).toEqual([])
})

test.each([
  ['that do not fit', { amount: 'many' }],
  ['that are no object', { raw: '[1]' }],
  ['that are a text', { raw: '"five"' }],
  ['that are no JSON', { raw: '{"amount":5' }],
])(
  'arguments %s reach neither policy nor reviewer, and the model may go on',
  async (_name, input) => {
    const { ask, resume, pending, ran, lelu } = await agentWith({ steps: step('reviewed', input) })
    let result = await ask()
    if (result.state.getInterruptions().length > 0) {
      expect(await pending(result)).toEqual([])
      result = await resume(result.state.toString())
    }
    expect(result.state.getInterruptions()).toEqual([])
    expect(answersOf(result)).toHaveLength(1)
    expect((await lelu.approvals.list()).approvals).toEqual([])
    expect(ran()).toEqual([])
  },
)

test.each(['{"amount":5', '', '\ufeff{}'])(
  'of the arguments %j the model reads that they are no JSON, and not that nobody has approved them',
  async (raw) => {
    const { ask, resume, ran } = await agentWith({ steps: step('reviewed', { raw }) })
    const done = await resume((await ask()).state.toString())
    expect(answersOf(done)[0]?.text).toContain('valid JSON')
    expect(ran()).toEqual([])
  },
)

test('arguments that are no JSON run nothing, even when somebody approves them in the state', async () => {
  const { ask, goOn, ran } = await agentWith({ steps: step('reviewed', { raw: '{"amount":5' }) })
  const { state } = await ask()
  for (const item of state.getInterruptions()) state.approve(item)
  await goOn(state)
  expect(ran()).toEqual([])
})

test('a schema that answers differently each time lets nothing run that was not decided on', async () => {
  let looks = 0
  const inputs: unknown[] = []
  const rising = z.object({ amount: z.number().overwrite((amount) => amount + looks++) })
  const tools = [make('allowed', rising, (input) => inputs.push(input))]
  const { ask } = await agentWith({ steps: step('allowed', { amount: 1 }), tools })
  await expect(ask()).rejects.toMatchObject({
    error: expect.objectContaining({ code: 'LELU_TOOL_UNSUPPORTED' }),
  })
  expect(looks).toBeGreaterThan(1)
  expect(inputs).toEqual([])
})

test.each([1, 2])(
  'a schema that refuses the arguments %i times and takes them later lets nothing run undecided',
  async (times) => {
    let looks = 0
    const inputs: unknown[] = []
    const fickle = z.object({ amount: z.number().refine(() => ++looks > times) })
    const tools = [make('denied', fickle, (input) => inputs.push(input))]
    const { ask } = await agentWith({ steps: step('denied', { amount: 1 }), tools })
    expect(answersOf(await ask())[0]?.text).toContain('did not run')
    expect(looks).toBeGreaterThan(times)
    expect(inputs).toEqual([])
  },
)

test('a tool that was wrapped by hand before it was guarded is refused, for it parses unseen', async () => {
  const directory = temporaryFolder()
  const wrapped = createTools(directory).map((inner) => ({
    ...inner,
    invoke: (context: never, text: string) => inner.invoke(context, text),
  })) as FunctionTool[]
  const steps = step('allowed', { amount: '666' })
  const { ask, ran } = await agentWith({ steps, tools: wrapped, directory })
  await expect(ask()).rejects.toMatchObject({
    error: expect.objectContaining({ code: 'LELU_TOOL_UNSUPPORTED' }),
  })
  expect(ran()).toEqual([])
})

test('a schema that makes what is no plain data is refused, and nothing runs', async () => {
  const inputs: unknown[] = []
  const json = () => ({ type: 'object', properties: { on: { type: 'string' } }, required: ['on'] })
  const dated = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => ({ value: { on: new Date() } }),
      jsonSchema: { input: json, output: json },
    },
  }
  const tools = [make('allowed', dated, (input) => inputs.push(input))]
  const { ask } = await agentWith({ steps: step('allowed', { on: 'today' }), tools })
  await expect(ask()).rejects.toMatchObject({
    error: expect.objectContaining({ code: 'LELU_TOOL_UNSUPPORTED' }),
  })
  expect(inputs).toEqual([])
})

test('tools with a JSON Schema are guarded too, strict and not', async () => {
  const inputs: unknown[] = []
  const schema = {
    type: 'object',
    properties: { a: { type: 'number' }, b: { type: 'string' } },
    required: ['a'],
    additionalProperties: false,
  }
  const tools = [
    make('allowed_strict', schema, (input) => inputs.push(input)),
    make('allowed_loose', schema, (input) => inputs.push(input), { strict: false }),
  ]
  const calls = [
    { id: 'strict', tool: 'allowed_strict', input: { a: 1, b: null } },
    { id: 'loose', tool: 'allowed_loose', input: { a: 2 } },
  ]
  const { ask } = await agentWith({ steps: [calling(...calls)], tools })
  await ask()
  expect(inputs).toEqual([{ a: 1 }, { a: 2 }])
})

test('a tool that changes its input changes only its own copy', async () => {
  const greedy = make('reviewed', z.object({ amount: z.number() }), (input) =>
    JSON.stringify(Object.assign(input as object, { amount: 7 })),
  )
  const { ask, resume, pending, lelu } = await agentWith({
    steps: step('reviewed', { amount: 1 }),
    tools: [greedy],
  })
  const result = await ask()
  const [waiting] = await pending(result)
  await approveAll(lelu)
  expect(answersOf(await resume(result.state.toString()))[0]?.text).toBe('{"amount":7}')
  const { request } = await lelu.approvals.get(waiting?.approvalId ?? '')
  expect(request.call.input).toEqual({ amount: 1 })
})

test.each([
  [
    'JSON Schema',
    {
      type: 'object',
      properties: {
        a: { type: 'number' },
        b: { type: 'string' },
        list: { type: 'array', items: { type: 'object', properties: { c: { type: 'number' } } } },
      },
      required: ['a'],
    },
  ],
  [
    'zod',
    z.object({
      a: z.number(),
      b: z.string().optional(),
      list: z.array(z.object({ c: z.number().optional() })).optional(),
    }),
  ],
])('an edit may leave out what is optional in a %s', async (_name, schema) => {
  const inputs: unknown[] = []
  const tools = [make('reviewed', schema, (input) => inputs.push(input))]
  const steps = step('reviewed', { a: 1, b: null, list: [{ c: null }] })
  const { ask, resume, pending, lelu } = await agentWith({ steps, tools })
  const result = await ask()
  const [waiting] = await pending(result)
  const id = waiting?.approvalId ?? ''
  const review = (input: Json) => lelu.approvals.review(id, { verdict: 'approve', reviewer, input })
  await expect(review({ b: 'x' })).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
  await review({ a: 3, list: [{}] })
  await resume(result.state.toString())
  expect(inputs).toEqual([{ a: 3, list: [{}] }])
})

test('an edit that only the own schema of the tool refuses does not run', async () => {
  const inputs: unknown[] = []
  const even = z.object({ amount: z.number().refine((amount) => amount % 2 === 0) })
  const tools = [make('reviewed', even, (input) => inputs.push(input))]
  const { ask, resume, pending, lelu } = await agentWith({
    steps: step('reviewed', { amount: 2 }),
    tools,
  })
  const result = await ask()
  const [waiting] = await pending(result)
  const id = waiting?.approvalId ?? ''
  await lelu.approvals.review(id, { verdict: 'approve', reviewer, input: { amount: 3 } })
  const [answer] = answersOf(await resume(result.state.toString()))
  expect(answer?.text).toContain('does not pass the schema of the tool')
  expect(inputs).toEqual([])
})

test('a tool runs whose schema leaves members undefined', async () => {
  const unit = z.string().optional().catch(undefined)
  const got: unknown[] = []
  const parameters = z.object({ city: z.string(), unit })
  const weather = make('reviewed', parameters, (input) => got.push(input))
  const steps = step('reviewed', { city: 'Rome', unit: 7 })
  const { ask, resume, lelu } = await agentWith({ steps, tools: [weather] })
  const { state } = await ask()
  await approveAll(lelu)
  expect(answersOf(await resume(state.toString()))[0]?.text).toBe('1')
  expect(got).toEqual([{ city: 'Rome' }])
  const [approval] = (await lelu.approvals.list()).approvals
  expect(approval?.request.call.input).toEqual({ city: 'Rome' })
})
