import { readdirSync, readFileSync } from 'node:fs'
import type OpenAI from 'openai'
import { zodFunction, zodResponsesFunction } from 'openai/helpers/zod'
import type { ChatCompletionTool } from 'openai/resources/chat/completions'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { ConfidenceReader, GuardableTool, GuardFunctionsOptions } from '../src/index.ts'
import { call, openWorld, wireOf } from './support.ts'

const definition = {
  name: 'allowed',
  description: 'Does it.',
  parameters: z.object({ amount: z.number() }),
  function: ({ amount }: { amount: number }) => `did ${amount}`,
}
const [zodChat, zodResponses] = [zodFunction(definition), zodResponsesFunction(definition)]

const reader: ConfidenceReader = Object.assign(() => undefined, {
  added: { name: 'confidence', schema: { type: 'number' } },
})

test('the tools that are shown cannot be run, whoever hands them to a runner', async () => {
  let runs = 0
  const run = () => `${++runs}`
  const parameters = z.object({})
  const given: GuardableTool[] = [
    zodFunction({ name: 'allowed', parameters, function: run }),
    zodResponsesFunction({ name: 'allowed', parameters, function: run }),
    { type: 'function', function: { name: 'allowed', parse: JSON.parse, function: run } },
    {
      type: 'function',
      function: {
        parameters: {},
        function: function allowed() {
          return run()
        },
      },
    },
  ]
  const { make } = await openWorld()
  for (const tool of given) {
    const { client } = await wireOf([{ calls: [call('a', 'allowed', {})] }])
    const guard = make({ tools: [tool] })
    const tools = guard.tools as never
    const runner = client.chat.completions.runTools({ model: 'gpt-test', messages: [], tools })
    await expect(runner.done()).rejects.toThrow('was called without a decision')
    const [shown] = guard.responsesTools as { $callback?: () => unknown }[]
    if (shown?.$callback !== undefined) expect(shown.$callback).toThrow('without a decision')
    expect(JSON.parse(JSON.stringify(guard.tools))).toMatchObject([
      { function: { name: 'allowed' } },
    ])
  }
  expect(runs).toBe(0)
})

test('the provider gets the tools of either API byte for byte as the SDK makes them', async () => {
  const { make } = await openWorld()
  for (const tool of [zodChat, zodResponses]) {
    const guard = make({ tools: [tool] })
    expect(JSON.stringify(guard.tools)).toBe(JSON.stringify([zodChat]))
    expect(JSON.stringify(guard.responsesTools)).toBe(JSON.stringify([zodResponses]))
  }
})

test('a tool that says nothing of `strict` is not strict in Responses, where that is the default', async () => {
  const { make } = await openWorld()
  const tool: GuardableTool = { type: 'function', function: { name: 'plain', function: () => '' } }
  expect(make({ tools: [tool] }).responsesTools).toEqual([
    { type: 'function', name: 'plain', parameters: null, strict: false },
  ])
})

test('a grammar is written as each API wants it', async () => {
  const { make } = await openWorld()
  const grammar = { syntax: 'regex' as const, definition: 'a+' }
  const nested: GuardableTool = {
    type: 'custom',
    custom: { name: 'free', format: { type: 'grammar', grammar } },
  }
  const flat: GuardableTool = {
    type: 'custom',
    name: 'free',
    format: { type: 'grammar', ...grammar },
  }
  for (const tool of [nested, flat]) {
    const guard = make({ tools: [tool] })
    expect(JSON.parse(JSON.stringify(guard.tools))).toEqual([nested])
    expect(JSON.parse(JSON.stringify(guard.responsesTools))).toEqual([flat])
  }
})

test('a field that the reader adds is shown in both APIs, and the tools that were given stay as they are', async () => {
  const { make } = await openWorld()
  const before = JSON.stringify([zodChat, zodResponses])
  for (const tool of [zodChat, zodResponses]) {
    const guard = make({ tools: [tool], confidence: reader })
    const [chat, responses] = [guard.tools[0], guard.responsesTools[0]]
    const parameters = {
      properties: { amount: { type: 'number' }, confidence: { type: 'number' } },
      required: ['amount', 'confidence'],
    }
    expect(chat).toMatchObject({ type: 'function', function: { name: 'allowed', parameters } })
    expect(responses).toMatchObject({ type: 'function', name: 'allowed', parameters })
  }
  expect(JSON.stringify([zodChat, zodResponses])).toBe(before)
})

test('the SDK parses the shown tools with their own schema, the added field taken out', async () => {
  const { make } = await openWorld()
  const strict = zodFunction({ ...definition, parameters: z.strictObject({ amount: z.number() }) })
  const guard = make({ tools: [strict], confidence: reader })
  const answers = [{ calls: [call('a', 'allowed', { amount: 5, confidence: 1 })] }]
  const { client } = await wireOf(answers)
  const completion = await client.chat.completions.parse({
    model: 'gpt-test',
    messages: [],
    tools: guard.tools,
  })
  const [parsed] = completion.choices[0]?.message.tool_calls ?? []
  expect(parsed?.type === 'function' && parsed.function.parsed_arguments).toEqual({ amount: 5 })

  const second = await wireOf(answers)
  const response = await second.client.responses.parse({
    model: 'gpt-test',
    input: 'Go on.',
    tools: guard.responsesTools,
  })
  expect(response.output[0]).toMatchObject({ parsed_arguments: { amount: 5 } })
})

test('two tools of one name, a tool without a name, and tools that the provider runs are refused', async () => {
  const { make } = await openWorld()
  const nameless = { type: 'function', function: { parameters: {}, function: () => '' } }
  const cases: [unknown, string][] = [
    [[zodChat, zodResponses], 'LELU_OPTIONS_INVALID'],
    [
      [{ ...nameless, function: { ...nameless.function, function: undefined } }],
      'LELU_OPTIONS_INVALID',
    ],
    [[{ type: 'web_search' }], 'LELU_TOOL_UNSUPPORTED'],
    [[{ type: 'mcp', server_label: 'x', require_approval: 'never' }], 'LELU_TOOL_UNSUPPORTED'],
    [[null], 'LELU_TOOL_UNSUPPORTED'],
    ['tools', 'LELU_OPTIONS_INVALID'],
  ]
  for (const [tools, code] of cases) {
    expect(() => make({ tools: tools as GuardableTool[] })).toThrow(
      expect.objectContaining({ code }),
    )
  }
  const own = zodFunction({ name: 'own', parameters: z.object({ confidence: z.number() }) })
  expect(() => make({ tools: [own], confidence: reader })).toThrow(
    'a field `confidence` of its own',
  )
})

test('missing and misspelt options are refused with what to do', async () => {
  const { make } = await openWorld()
  for (const wrong of [{ run: '' }, { run: undefined }, { ran: 'x' }, { subject: undefined }]) {
    expect(() => make(wrong as Partial<GuardFunctionsOptions>)).toThrow(
      expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
    )
  }
})

test('importing the package needs nothing of the SDK', () => {
  const folder = new URL('../src/', import.meta.url)
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const values = [...text.matchAll(/^import (type )?[^']*'([^']+)'/gm)]
    const fromSdk = values.filter(([, type, name = '']) => !type && name.startsWith('openai'))
    expect([file, ...fromSdk]).toEqual([file])
  }
})

test('types: every tool of the SDK can be guarded, and what comes out goes into a request', async () => {
  const { guard } = await openWorld()
  expectTypeOf(guard.tools).toExtend<ChatCompletionTool[]>()
  expectTypeOf(guard.responsesTools).toExtend<OpenAI.Responses.Tool[]>()
  expectTypeOf(zodChat).toExtend<GuardableTool>()
  expectTypeOf(zodResponses).toExtend<GuardableTool>()
  expectTypeOf(guard.runnable<typeof zodChat>).returns.toEqualTypeOf<typeof zodChat>()
})
