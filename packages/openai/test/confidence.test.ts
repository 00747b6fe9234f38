import type { CallEvidence } from '@lelu/engine/adapter'
import { zodFunction } from 'openai/helpers/zod'
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions'
import type { ResponseCreateParams } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { ConfidenceReader } from '../src/index.ts'
import { call, conversation, copy, openWorld, respond, wireOf } from './support.ts'

/** A reader that only looks. */
function looking(added?: ConfidenceReader['added']) {
  const seen: CallEvidence[] = []
  const reader: ConfidenceReader = (evidence) => {
    seen.push(evidence)
    return undefined
  }
  return { seen, reader: added === undefined ? reader : Object.assign(reader, { added }) }
}

const tokens = { content: [{ token: '{', logprob: -0.1, bytes: [123], top_logprobs: [] }] }

test('a completion gives the log-probabilities and the model, beside the call as it was written', async () => {
  const { seen, reader } = looking()
  const { make } = await openWorld()
  const { message, messages, completion } = await conversation([
    call('a', 'trade', '{"amount":"5"}'),
  ])
  const choice = completion.choices[0]
  if (choice !== undefined) choice.logprobs = tokens as never
  await make({ confidence: reader }).executeToolCalls(message, { messages, completion })
  expect(seen).toEqual([
    {
      call: { id: 'a', tool: 'trade', input: { amount: '5' }, text: '{"amount":"5"}' },
      logprobs: tokens,
      model: 'gpt-test',
      raw: completion,
    },
  ])
})

test('a reader is told of the calls in front, for an opinion that makes a call once does not make it twice', async () => {
  const { seen, reader } = looking()
  const { make } = await openWorld()
  const trades = [call('a', 'trade', { amount: 1 }), call('b', 'trade', { amount: 1 })]
  const { message, messages, completion } = await conversation(trades)
  await make({ confidence: reader }).executeToolCalls(message, { messages, completion })
  const { response } = await respond(trades)
  await make({ confidence: reader, run: 'run-2' }).executeOutput(response)
  const first = { tool: 'trade', input: { amount: 1 } }
  expect(seen.map(({ call: { id }, before }) => [id, before])).toEqual([
    ['a', undefined],
    ['b', [first]],
    ['a', undefined],
    ['b', [first]],
  ])
})

test('the log-probabilities of another message vouch for nothing', async () => {
  const { seen, reader } = looking()
  const { make } = await openWorld()
  const other = await conversation([call('a', 'trade', { amount: 1 })])
  const choice = other.completion.choices[0]
  if (choice !== undefined) choice.logprobs = tokens as never
  const { message, messages } = await conversation([call('a', 'trade', { amount: 9 })])
  const { completion } = other
  await make({ confidence: reader }).executeToolCalls(message, { messages, completion })
  expect(seen[0]).toEqual({ call: expect.anything(), raw: message })
})

test('a reader’s field is read, and taken out before the tool, the policy and the record', async () => {
  const added = { name: 'confidence', schema: { type: 'number' } }
  const { seen, reader } = looking(added)
  const { make, lelu } = await openWorld()
  const text = '{"amount":5,"note":"n","confidence":0.4}'
  const { message, messages } = await conversation([call('a', 'reviewed', text)])
  const guard = make({ confidence: reader })
  const { pending } = await guard.executeToolCalls(message, { messages })
  const input = { amount: 5, note: 'n' }
  expect(seen[0]).toMatchObject({ reported: 0.4, call: { input, text } })
  const { request } = await lelu.approvals.get(pending[0]?.approvalId ?? '')
  expect(request.call.input).toEqual(input)
  expect(JSON.stringify(request.call.schema)).not.toContain('confidence')
})

test('a schema that takes no other field never sees the field of the reader', async () => {
  const { reader } = looking({ name: 'confidence', schema: { type: 'number' } })
  const parameters = z.strictObject({ amount: z.number() })
  const tool = zodFunction({
    name: 'allowed',
    parameters,
    function: ({ amount }) => `did ${amount}`,
  })
  const { guard } = await openWorld({ tools: [tool], confidence: reader })
  const { message, messages } = await conversation([
    call('a', 'allowed', { amount: 5, confidence: 1 }),
    call('b', 'allowed', { amount: 6 }),
  ])
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages.map(({ content }) => content)).toEqual(['did 5', 'did 6'])
})

test('a second model is asked the same question with the same tools, without the reader’s field', async () => {
  const added = { name: 'confidence', schema: { type: 'number' } }
  const { seen, reader } = looking(added)
  const { make, tools } = await openWorld()
  const guard = make({ confidence: reader })
  const { message, messages } = await conversation([call('a', 'trade')])
  const request: ChatCompletionCreateParams = {
    model: 'gpt-test',
    messages: messages.slice(0, 1),
    tools: guard.tools,
    temperature: 0.5,
    stream: true,
    stream_options: { include_usage: true },
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
  const added = { name: 'confidence', schema: { type: 'number' } }
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

test('without the request there is no question to put', async () => {
  const { seen, reader } = looking()
  const { make } = await openWorld()
  const { message, messages } = await conversation([call('a', 'trade')])
  await make({ confidence: reader }).executeToolCalls(message, { messages })
  expect(seen[0]).not.toHaveProperty('ask')
})
