import { zodFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { call, conversation, copy, looking, openWorld, respond, watched } from './support.ts'

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

test('of two answers that make the same calls, the log-probabilities of the other one vouch for nothing', async () => {
  const { seen, reader } = looking()
  const { make } = await openWorld({ confidence: reader })
  const { messages, completion } = await conversation([call('a', 'trade')])
  const [first] = copy(completion).choices
  const second = copy(first)
  if (first === undefined || second === undefined) throw new Error('no choice')
  first.logprobs = tokens as never
  const doubtful = { content: [{ ...tokens.content[0], logprob: -3 }] }
  second.logprobs = doubtful as never
  const both = { ...completion, choices: [first, second] }
  const done = { messages, completion: both }
  await make().executeToolCalls(second.message, done)
  // Stored and read again, nothing says which one of them it was.
  await make({ run: 'run-2' }).executeToolCalls(copy(second.message), done)
  expect(seen.map(({ logprobs }) => logprobs)).toEqual([doubtful, undefined])
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

test.each(['a reader', 'no reader'])(
  'an answer of twice as many calls is looked at twice as often, with %s',
  async (reading) => {
    const { reader } = looking()
    const { make } = await openWorld()
    const guard = make(reading === 'a reader' ? { confidence: reader } : {})
    const ofCount = async (count: number) => {
      const calls = Array.from({ length: count }, (_, at) => call(`c${at}`, 'denied'))
      const { message, completion } = await conversation(calls)
      const { response } = await respond(calls)
      const asked = watched(message.tool_calls ?? [])
      const made = watched(response.output)
      const given = { ...message, tool_calls: asked.items }
      const { messages } = await guard.executeToolCalls(given, { messages: [given], completion })
      const { items } = await guard.executeOutput({ ...response, output: made.items })
      expect([messages.length, items.length]).toEqual([count, count])
      return [asked.looks(), made.looks()]
    }
    const [few, many] = [await ofCount(20), await ofCount(40)]
    for (const [at, looks] of many.entries()) expect(looks).toBeLessThan(2.1 * (few[at] ?? 0))
  },
)
