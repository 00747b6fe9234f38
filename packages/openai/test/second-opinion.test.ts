import type { CallEvidence } from '@lelu/engine/adapter'
import type {
  ChatCompletionCreateParams,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import type { ResponseCreateParams, ResponseInputItem } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import {
  call,
  conversation,
  copy,
  looking,
  openWorld,
  respond,
  userItem,
  wireOf,
} from './support.ts'

const added = { name: 'confidence', schema: { type: 'number' } }

/** What another model was asked when the reader asked it. */
async function askedOf(evidence: CallEvidence | undefined) {
  const second = await wireOf([{ calls: [call('x', 'trade', { amount: 7 })] }])
  const signal = new AbortController().signal
  await evidence?.ask?.({ client: second.client, model: 'other' }, signal)
  return second.requests
}

test('a second model is asked the same question with the same tools, without the reader’s field', async () => {
  const { seen, reader } = looking(added)
  const { make, tools } = await openWorld()
  const guard = make({ confidence: reader })
  const { message, messages } = await conversation([call('a', 'trade')])
  const request: ChatCompletionCreateParams = {
    model: 'gpt-test',
    messages: messages.slice(0, 1),
    tools: guard.tools,
    temperature: 0.5,
    n: 3,
    stream: true,
    stream_options: { include_usage: true },
    // The provider takes labels of what is stored alone, and refuses the request otherwise.
    store: true,
    metadata: { ticket: '7' },
  }
  await guard.executeToolCalls(message, { messages, request })
  const custom = { ...call('y', 'free', 'a text'), type: 'custom' as const }
  const second = await wireOf([{ calls: [call('x', 'trade', { amount: 7 }), custom] }])
  const signal = new AbortController().signal
  const answer = await seen[0]?.ask?.({ client: second.client, model: 'other' }, signal)
  expect(answer).toEqual([
    { tool: 'trade', input: { amount: 7 } },
    { tool: 'free', input: 'a text' },
  ])
  expect(second.requests).toEqual([
    { model: 'other', messages: messages.slice(0, 1), tools: copy(tools), temperature: 0.5 },
  ])
  await expect(seen[0]?.ask?.('gpt-other', signal)).rejects.toThrow('pass { client, model }')
})

test('a response gives the model, the log-probabilities of its text and the question', async () => {
  const { seen, reader } = looking(added)
  const { make, tools } = await openWorld()
  const guard = make({ confidence: reader })
  const logprobs = [{ token: 'Hm', logprob: -0.2, bytes: [], top_logprobs: [] }]
  const { client } = await wireOf([{ calls: [call('a', 'trade')], text: 'Hm', logprobs }])
  const request: ResponseCreateParams = {
    model: 'gpt-test',
    input: 'Go on.',
    tools: guard.responsesTools,
  }
  const response = await client.responses.create(request)
  if (!('output' in response)) throw new Error('no response')
  await guard.executeOutput(response, { request })
  expect(seen[0]).toMatchObject({ model: 'gpt-test', logprobs, call: { id: 'a', tool: 'trade' } })
  const second = await wireOf([{ calls: [call('x', 'trade', { amount: 7 })] }])
  const signal = new AbortController().signal
  const answer = await seen[0]?.ask?.({ client: second.client, model: 'other' }, signal)
  expect(answer).toEqual([{ tool: 'trade', input: { amount: 7 } }])
  const [asked] = second.requests
  expect(asked).toMatchObject({ model: 'other', input: 'Go on.' })
  expect(asked?.tools).toEqual(copy(make({ tools }).responsesTools))
})

test('the calls of one answer have one question, and those of another have another', async () => {
  const { seen, reader } = looking()
  const { make } = await openWorld()
  const guard = make({ confidence: reader })
  const trades = [call('a', 'trade', { amount: 1 }), call('b', 'trade', { amount: 2 })]
  const { message, messages } = await conversation(trades)
  const request = { model: 'gpt-test', messages: messages.slice(0, 1) }
  await guard.executeToolCalls(message, { messages, request })
  const { response } = await respond(trades)
  const asked = { model: 'gpt-test', input: [userItem] }
  await make({ confidence: reader, run: 'run-2' }).executeOutput(response, { request: asked })
  expect(seen).toHaveLength(4)
  const [first, second, third, fourth] = seen.map(({ ask }) => ask)
  expect([first, third]).not.toContain(undefined)
  expect([second, fourth]).toEqual([first, third])
  expect(first).not.toBe(third)
})

test('without the request there is no question to put', async () => {
  const { seen, reader } = looking()
  const { make } = await openWorld()
  const { message, messages } = await conversation([call('a', 'trade')])
  await make({ confidence: reader }).executeToolCalls(message, { messages })
  expect(seen[0]).not.toHaveProperty('ask')
})

test('a second model is not shown the answer that the app has appended to the conversation', async () => {
  const { seen, reader } = looking()
  const guard = (await openWorld()).make({ confidence: reader })
  const trades = [call('a', 'denied'), call('b', 'trade')]
  const { message, messages } = await conversation(trades)
  const request: ChatCompletionCreateParams = { model: 'gpt-test', messages, tools: guard.tools }
  const { messages: answers } = await guard.executeToolCalls(message, { messages, request })
  messages.push(...answers)
  const [first] = messages
  expect(await askedOf(seen[0])).toMatchObject([{ messages: [first] }])
  expect(await askedOf(seen[1])).toMatchObject([{ messages: [first] }])
})

test('a second model is shown the same call of an earlier step, with its answer', async () => {
  const { seen, reader } = looking()
  const guard = (await openWorld()).make({ confidence: reader })
  const { message, messages } = await conversation([call('a', 'trade')])
  messages.push({ role: 'tool', tool_call_id: 'a', content: 'trade did 5' })
  const asked: ChatCompletionMessageParam[] = [...messages]
  const request: ChatCompletionCreateParams = { model: 'gpt-test', messages: asked }
  messages.push(copy(message))
  await guard.executeToolCalls(copy(message), { messages, request })
  expect((await askedOf(seen[0]))[0]?.messages).toHaveLength(3)
})

test.each([
  ['as they came', (item: object) => item],
  ['stored', (item: object) => copy(item)],
  ['stored without their ids', (item: object) => ({ ...copy(item), id: undefined })],
])(
  'a second model is not shown the items of the response in the input (%s)',
  async (_how, kept) => {
    const { seen, reader } = looking()
    const guard = (await openWorld()).make({ confidence: reader })
    const { response } = await respond([call('a', 'denied'), call('b', 'trade')])
    const input: ResponseInputItem[] = [{ role: 'user', content: 'Go on.' }]
    const request: ResponseCreateParams = { model: 'gpt-test', input }
    input.push(...(response.output.map(kept) as ResponseInputItem[]))
    const { items } = await guard.executeOutput(response, { request })
    input.push(...items)
    for (const evidence of seen) {
      expect((await askedOf(evidence))[0]?.input).toEqual([{ role: 'user', content: 'Go on.' }])
    }
    expect(seen).toHaveLength(2)
  },
)

test('an opinion is not stored, and is waited for', async () => {
  const { seen, reader } = looking()
  const guard = (await openWorld()).make({ confidence: reader })
  const { response } = await respond([call('a', 'trade')])
  const question = {
    ...{ model: 'gpt-test', input: 'Go on.', store: true, metadata: { ticket: '7' } },
    // Of openai 7.58: refused without `background`.
    ...{ background: true, background_options: { completion_window: '2h' } },
  }
  await guard.executeOutput(response, { request: question })
  expect(await askedOf(seen[0])).toEqual([{ model: 'other', input: 'Go on.', store: false }])
})

test('of a stored conversation there is no question to put, for the answer would be added to it', async () => {
  const { seen, reader } = looking()
  const guard = (await openWorld()).make({ confidence: reader })
  const { response } = await respond([call('a', 'trade')])
  const request = { model: 'gpt-test', input: 'Go on.', conversation: 'conv_1' }
  await guard.executeOutput(response, { request })
  expect(seen[0]).not.toHaveProperty('ask')
})

test('an opinion makes no hosted call: a server that asks nobody else is told to ask', async () => {
  const { seen, reader } = looking()
  const guard = (await openWorld()).make({ confidence: reader })
  const { response } = await respond([call('a', 'trade')])
  const files = { type: 'mcp' as const, server_label: 'files', server_url: 'https://files.test' }
  const tools = [...guard.responsesTools, files, { ...files, require_approval: 'never' as const }]
  await guard.executeOutput(response, { request: { model: 'gpt-test', input: 'Go on.', tools } })
  const [asked] = await askedOf(seen[0])
  const always = { ...files, require_approval: 'always' }
  expect(asked?.tools).toEqual([...copy(guard.responsesTools), always, always])
})

test('of a request that lets the provider run what was approved there is no question to put, for it would run again', async () => {
  const { seen, reader } = looking()
  const guard = (await openWorld()).make({ confidence: reader })
  const hosted = { ...call('m', 'allowed_read', '{"path":"/a"}'), type: 'mcp' as const }
  const { response: asking, items } = await respond([hosted])
  const { items: answers } = await guard.executeOutput(asking)
  expect(answers).toMatchObject([{ approve: true }])
  const input = [...items, ...answers] as ResponseInputItem[]
  const { client } = await wireOf([{ calls: [call('a', 'trade')] }])
  const response = await client.responses.create({ model: 'gpt-test', input, store: false })
  const ran = response.output.filter(({ type }) => type === 'mcp_call')
  expect(ran).toHaveLength(1)
  await guard.executeOutput(response, { request: { model: 'gpt-test', input } })
  expect(seen.at(-1)?.call.tool).toBe('trade')
  expect(seen.at(-1)).not.toHaveProperty('ask')

  // Where the conversation says what came of it, it is the past.
  const later: ResponseInputItem[] = [...input, ...(ran as ResponseInputItem[]), userItem]
  const { response: next } = await respond([call('b', 'trade')])
  await guard.executeOutput(next, { request: { model: 'gpt-test', input: later } })
  expect((await askedOf(seen.at(-1)))[0]?.input).toEqual(later)
})
