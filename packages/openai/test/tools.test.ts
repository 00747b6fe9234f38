import { standardFunction } from 'openai/helpers/standard-schema'
import { zodFunction, zodResponsesFunction } from 'openai/helpers/zod'
import { ParsingToolFunction } from 'openai/lib/RunnableFunction'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { GuardableTool } from '../src/index.ts'
import { call, conversation, openWorld, reviewer } from './support.ts'

const amount = z.object({ amount: z.number() })
const parameters = {
  type: 'object' as const,
  properties: { amount: { type: 'number' as const } },
  required: ['amount'],
  additionalProperties: false,
}

/** A guard over this tool alone, and the inputs it was called with. */
async function guardOver(make: (run: (input: unknown) => string) => GuardableTool) {
  const inputs: unknown[] = []
  const tool = make((input) => `run ${inputs.push(input)}`)
  const { guard, lelu } = await openWorld({ tools: [tool] })
  return { guard, lelu, tool, inputs }
}

const kinds: [string, (run: (input: unknown) => string) => GuardableTool, unknown][] = [
  [
    'zodFunction',
    (run) => zodFunction({ name: 'allowed', parameters: amount, function: run }),
    { amount: 5 },
  ],
  [
    'zodResponsesFunction',
    (run) => zodResponsesFunction({ name: 'allowed', parameters: amount, function: run }),
    { amount: 5 },
  ],
  [
    'standardFunction',
    (run) => standardFunction({ name: 'allowed', parameters: amount, function: run }),
    { amount: 5 },
  ],
  [
    'a tool with a parser of its own',
    (run) => ({
      type: 'function',
      function: { name: 'allowed', parameters, parse: JSON.parse, function: run },
    }),
    { amount: 5 },
  ],
  [
    'a ParsingToolFunction',
    (run) =>
      new ParsingToolFunction<{ amount: number }>({
        name: 'allowed',
        description: 'x',
        parameters,
        parse: JSON.parse,
        function: run,
      }),
    { amount: 5 },
  ],
  [
    'a tool that gets the text',
    (run) => ({ type: 'function', function: { name: 'allowed', parameters, function: run } }),
    '{"amount":5}',
  ],
  [
    'a tool that has its name from its function',
    (run) => {
      const allowed = (text: string) => run(text)
      return { type: 'function', function: { parameters, function: allowed } }
    },
    '{"amount":5}',
  ],
]

test.each(kinds)('%s is decided and runs on what was decided', async (_name, make, expected) => {
  const { guard, inputs } = await guardOver(make)
  const { message, messages } = await conversation([call('a', 'allowed', { amount: 5 })])
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages.map(({ content }) => content)).toEqual(['run 1'])
  expect(inputs).toEqual([expected])
})

test.each(kinds)('%s never runs on arguments that are not JSON', async (_name, make) => {
  const { guard, inputs } = await guardOver(make)
  const texts = ['{"amount": 5', '', 'amount=5']
  const calls = texts.map((text, index) => call(`${index}`, 'allowed', text))
  const { message, messages } = await conversation(calls)
  const done = await guard.executeToolCalls(message, { messages })
  const refused =
    'The arguments for allowed do not pass the schema of the tool. The call did not run.'
  expect(done.messages.map(({ content }) => content)).toEqual([refused, refused, refused])
  expect(inputs).toEqual([])
})

test('a tool without a parser runs on nothing but an object', async () => {
  const { guard, inputs } = await guardOver((run) => ({
    type: 'function',
    function: { name: 'allowed', parameters, function: run },
  }))
  const texts = ['[]', '"5"', 'null']
  const calls = texts.map((text, index) => call(`${index}`, 'allowed', text))
  const { message, messages } = await conversation(calls)
  await guard.executeToolCalls(message, { messages })
  expect(inputs).toEqual([])
})

test('of two members with one name, the policy, the reviewer and a tool that parses itself read the same', async () => {
  const { guard, lelu, inputs } = await guardOver((run) => ({
    type: 'function',
    function: { name: 'reviewed', parameters, function: run },
  }))
  const text = '{"amount":1,"amount":2}'
  const { message, messages } = await conversation([call('a', 'reviewed', text)])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const id = pending[0]?.approvalId ?? ''
  expect((await lelu.approvals.get(id)).request.call.input).toEqual({ amount: 2 })
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await guard.executeToolCalls(message, { messages })
  expect(inputs).toEqual(['{"amount":2}'])
})

test('unknown tools, tools without a function and other kinds of calls run nothing', async () => {
  const { guard, inputs } = await guardOver((run) => ({
    type: 'custom',
    custom: { name: 'allowed_free' },
    function: run,
  }))
  const { make } = await openWorld()
  const shown = make({ tools: [zodFunction({ name: 'allowed', parameters: amount })] })
  const calls = ['nobody', '__proto__', 'constructor', 'toString', 'allowed', 'allowed_free']
  const { message, messages } = await conversation(calls.map((name) => call(`${name}_id`, name)))
  for (const each of [guard, shown]) {
    const done = await each.executeToolCalls(message, { messages })
    expect(done.messages.map(({ content }) => content)).toEqual(
      calls.map((name) => `There is no tool ${JSON.stringify(name)}. Nothing was run.`),
    )
    expect(done.ready).toBe(true)
  }
  expect(inputs).toEqual([])
})

test('a custom tool is decided on its text, and a reviewer may write another one', async () => {
  const { guard, lelu, inputs } = await guardOver((run) => ({
    type: 'custom',
    custom: { name: 'reviewed_sql', format: { type: 'text' } },
    function: run,
  }))
  const custom = { ...call('c', 'reviewed_sql', 'drop table'), type: 'custom' as const }
  const { message, messages } = await conversation([custom])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const id = pending[0]?.approvalId ?? ''
  expect((await lelu.approvals.get(id)).request.call).toMatchObject({ input: 'drop table' })
  const edit = (input: unknown) =>
    lelu.approvals.review(id, { verdict: 'approve', reviewer, input: input as string })
  await expect(edit({ sql: 'x' })).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
  await edit('select 1')
  const done = await guard.executeToolCalls(message, { messages })
  expect(inputs).toEqual(['select 1'])
  expect(done.messages[0]?.content).toBe(
    'A reviewer changed the input of this call. It ran with: "select 1"\nrun 1',
  )
})

test('the input of a custom tool with a grammar cannot be edited', async () => {
  const { guard, lelu } = await guardOver((run) => ({
    type: 'custom',
    name: 'reviewed_sql',
    format: { type: 'grammar', syntax: 'regex', definition: 'a+' },
    function: run,
  }))
  const custom = { ...call('c', 'reviewed_sql', 'aa'), type: 'custom' as const }
  const { message, messages } = await conversation([custom])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const edit = { verdict: 'approve' as const, reviewer, input: 'drop table' }
  const edited = lelu.approvals.review(pending[0]?.approvalId ?? '', edit)
  await expect(edited).rejects.toMatchObject({ code: 'LELU_EDIT_REFUSED' })
})

test('an edit that the tool’s own schema refuses does not run, though its JSON Schema takes it', async () => {
  const even = z.object({ amount: z.number().refine((one) => one % 2 === 0) })
  const { guard, lelu, inputs } = await guardOver((run) =>
    zodFunction({ name: 'reviewed', parameters: even, function: run }),
  )
  const { message, messages } = await conversation([call('a', 'reviewed', { amount: 4 })])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const edit = { verdict: 'approve' as const, reviewer, input: { amount: 3 } }
  await lelu.approvals.review(pending[0]?.approvalId ?? '', edit)
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages[0]?.content).toContain('does not pass the schema of the tool')
  expect(inputs).toEqual([])
})

const words = z.object({ words: z.string().transform((text) => text.split(' ')) })
const wordsSchema = {
  type: 'object',
  properties: { words: { type: 'string' } },
  required: ['words'],
}

test('a transform in the schema is applied once', async () => {
  const { guard, inputs } = await guardOver((run) =>
    standardFunction({ name: 'allowed', parameters: words, schema: wordsSchema, function: run }),
  )
  const { message, messages } = await conversation([call('a', 'allowed', { words: 'a b' })])
  await guard.executeToolCalls(message, { messages })
  expect(inputs).toEqual([{ words: ['a', 'b'] }])
})

test('an edit that the schema would change once more does not run', async () => {
  const { guard, lelu, inputs } = await guardOver((run) =>
    standardFunction({ name: 'reviewed', parameters: words, schema: wordsSchema, function: run }),
  )
  const { message, messages } = await conversation([call('a', 'reviewed', { words: 'a b' })])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const edit = { verdict: 'approve' as const, reviewer, input: { words: 'c d' } }
  await lelu.approvals.review(pending[0]?.approvalId ?? '', edit)
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages[0]?.content).toContain('does not pass the schema of the tool as it stands')
  expect(inputs).toEqual([])
})

test('an input that is not JSON is refused, and nothing runs', async () => {
  const { guard, inputs } = await guardOver((run) => ({
    type: 'function',
    function: {
      name: 'allowed',
      parameters,
      parse: () => ({ on: new Date() }),
      function: run,
    },
  }))
  const { message, messages } = await conversation([call('a', 'allowed')])
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages[0]?.content).toContain('Do not retry the same call')
  expect(inputs).toEqual([])
})

test('a tool runs whose schema leaves members undefined', async () => {
  const tool: GuardableTool = {
    type: 'function',
    function: {
      name: 'allowed',
      parameters: { type: 'object' },
      parse: (text: string) => ({ ...JSON.parse(text), unit: undefined }),
      function: (input: object) => JSON.stringify(input),
    },
  }
  const { guard } = await openWorld({ tools: [tool] })
  const weather = call('a', 'allowed', { city: 'Rome', unit: 7 })
  const { message, messages } = await conversation([weather])
  const { messages: answers } = await guard.executeToolCalls(message, { messages })
  expect(answers[0]?.content).toBe('{"city":"Rome"}')
})
