import { Command } from '@langchain/langgraph'
import { tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { pendingApprovals } from '../src/index.ts'
import {
  agentWith,
  approve,
  ask,
  calling,
  config,
  guardedAgent,
  openLelu,
  reviewer,
  toolMessages,
  waitingId,
} from './support.ts'

test('an edited call runs with the input of the reviewer, and the model is told', async () => {
  const lelu = await openLelu()
  const { agent, ran, resumeDecided } = agentWith({
    lelu,
    answers: [calling({ name: 'reviewed' })],
  })
  const id = waitingId(await agent.invoke(ask, config))
  const input = { amount: 2, note: 'less' }
  await lelu.approvals.review(id, { verdict: 'approve', reviewer, input })
  const message = toolMessages(await resumeDecided()).call_0
  expect(ran).toEqual([{ tool: 'reviewed', input }])
  expect(message?.text).toContain(
    'A reviewer changed the input of this call. It ran with: {"amount":2',
  )
  expect(message?.text).toContain('reviewed did 2')
})

test('an edit that the tool’s own schema refuses does not run, though its JSON Schema takes it', async () => {
  const lelu = await openLelu()
  let runs = 0
  const even = tool(() => `${++runs}`, {
    name: 'reviewed',
    schema: z.object({ amount: z.number().refine((amount) => amount % 2 === 0) }),
  })
  const agent = guardedAgent({
    lelu,
    answers: [calling({ name: 'reviewed', args: { amount: 4 } })],
    tools: [even],
  })
  await approve(lelu, await agent.invoke(ask, config), { input: { amount: 3 } })
  const result = await agent.invoke(new Command({ resume: true }), config)
  expect(toolMessages(result).call_0?.text).toContain('does not pass the schema of the tool')
  expect(runs).toBe(0)
})

test.each(['middleware', 'guardTool'] as const)(
  'under %s a tool runs whose schema leaves members undefined, and an edit may leave them out',
  async (place) => {
    const lelu = await openLelu()
    const inputs: unknown[] = []
    const unit = z.string().nullish()
    const forecast = tool((input) => `${inputs.push(input)}`, {
      name: 'reviewed',
      schema: z.object({ city: z.string(), unit: unit.transform((given) => given ?? undefined) }),
    })
    const answers = [calling({ name: 'reviewed', args: { city: 'Rome', unit: null } })]
    const agent = guardedAgent({ lelu, answers, tools: [forecast], place })
    const id = waitingId(await agent.invoke(ask, config))
    expect((await lelu.approvals.get(id)).request.call.input).toEqual({ city: 'Rome' })
    await lelu.approvals.review(id, { verdict: 'approve', reviewer, input: { city: 'Oslo' } })
    await agent.invoke(new Command({ resume: true }), config)
    expect(inputs).toEqual([{ city: 'Oslo' }])
  },
)

test('a transform in the schema is applied once', async () => {
  const lelu = await openLelu()
  const inputs: unknown[] = []
  const split = tool((input) => `${inputs.push(input)}`, {
    name: 'allowed',
    schema: z.object({ words: z.string().transform((text) => text.split(' ')) }),
  })
  const agent = guardedAgent({
    lelu,
    answers: [calling({ name: 'allowed', args: { words: 'a b' } })],
    tools: [split],
  })
  await agent.invoke(ask, config)
  expect(inputs).toEqual([{ words: ['a', 'b'] }])
})

test('tools without a schema, with text input and with a JSON Schema are guarded too', async () => {
  const lelu = await openLelu()
  const inputs: unknown[] = []
  const plain = tool((input: unknown) => `${inputs.push(input)}`, { name: 'allowed_plain' })
  const schema = { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] } as const
  const json = tool((input: unknown) => `${inputs.push(input)}`, { name: 'allowed_json', schema })
  const agent = guardedAgent({
    lelu,
    answers: [
      calling(
        { id: 'empty', name: 'allowed_plain', args: {} },
        { id: 'text', name: 'allowed_plain', args: { input: 'hello' } },
        { id: 'right', name: 'allowed_json', args: { a: 1 } },
        { id: 'wrong', name: 'allowed_json', args: { a: 'one' } },
      ),
    ],
    tools: [plain, json],
  })
  const result = await agent.invoke(ask, config)
  expect(inputs).toHaveLength(3)
  expect(inputs).toEqual(expect.arrayContaining([undefined, 'hello', { a: 1 }]))
  expect(toolMessages(result).wrong?.text).toContain('did not match expected schema')
})

test('arguments that the schema refuses reach neither the tool nor the policy', async () => {
  const lelu = await openLelu()
  const { agent, ran } = agentWith({
    lelu,
    answers: [calling({ name: 'reviewed', args: { amount: 'many' } })],
  })
  const result = await agent.invoke(ask, config)
  // In the framework's own words, whatever status its version gives them.
  expect(toolMessages(result).call_0?.text).toContain('did not match expected schema')
  expect(pendingApprovals(result)).toEqual([])
  expect(ran).toEqual([])
})

test('a schema that refuses the arguments once and takes them later lets nothing run undecided', async () => {
  const lelu = await openLelu()
  let [looks, runs] = [0, 0]
  const fickle = tool(() => `${++runs}`, {
    name: 'denied',
    schema: z.object({ amount: z.number().refine(() => ++looks > 1) }),
  })
  const agent = guardedAgent({ lelu, answers: [calling({ name: 'denied' })], tools: [fickle] })
  const message = toolMessages(await agent.invoke(ask, config).catch(() => undefined)).call_0
  expect(looks).toBe(2)
  expect(message?.status).not.toBe('success')
  expect(runs).toBe(0)
})

test('a tool that changes its input changes only its own copy', async () => {
  const lelu = await openLelu()
  const greedy = tool((input) => JSON.stringify(Object.assign(input, { amount: 7 })), {
    name: 'allowed',
    schema: z.object({ amount: z.number() }),
  })
  const agent = guardedAgent({ lelu, answers: [calling({ name: 'allowed' })], tools: [greedy] })
  expect(toolMessages(await agent.invoke(ask, config)).call_0?.text).toBe('{"amount":7}')
})

test('content, artifact and status of a tool survive', async () => {
  const lelu = await openLelu()
  const pair = tool(() => ['for the model', { rows: [1, 2] }], {
    name: 'allowed',
    schema: z.object({}),
    responseFormat: 'content_and_artifact',
  })
  const agent = guardedAgent({
    lelu,
    answers: [calling({ name: 'allowed', args: {} })],
    tools: [pair],
  })
  const message = toolMessages(await agent.invoke(ask, config)).call_0
  expect(message).toMatchObject({
    content: 'for the model',
    artifact: { rows: [1, 2] },
    status: 'success',
  })
})

test('an input that is not JSON is refused, and nothing runs', async () => {
  const lelu = await openLelu()
  let runs = 0
  const dated = tool(() => `${++runs}`, {
    name: 'allowed',
    schema: z.object({ on: z.coerce.date() }),
  })
  const agent = guardedAgent({
    lelu,
    answers: [calling({ name: 'allowed', args: { on: '2026-01-01' } })],
    tools: [dated],
  })
  const message = toolMessages(await agent.invoke(ask, config)).call_0
  expect(message?.status).toBe('error')
  expect(runs).toBe(0)
})
