import { expect, test } from 'vitest'
import { call, openWorld, reviewer, wireOf } from './support.ts'

const model = 'gpt-test'
const calls = [
  call('a', 'allowed', { amount: 1, note: 'n' }),
  call('r', 'reviewed', { amount: 2, note: 'n' }),
]

test('the final message of a chat stream is executed like any other', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const { client } = await wireOf([{ calls }, { text: 'Finished.' }])
  const messages: Parameters<typeof client.chat.completions.stream>[0]['messages'] = [
    { role: 'user', content: 'Go on.' },
  ]
  const stream = client.chat.completions.stream({ model, messages, tools: guard.tools })
  const pieces: string[] = []
  stream.on('tool_calls.function.arguments.delta', ({ arguments_delta }) => {
    pieces.push(arguments_delta)
  })
  const message = await stream.finalMessage()
  expect(pieces.length).toBeGreaterThan(2)
  messages.push(message)
  const completion = await stream.finalChatCompletion()
  const first = await guard.executeToolCalls(message, { messages, completion })
  messages.push(...first.messages)
  // The provider refuses a conversation in which a call has no answer yet.
  const early = client.chat.completions.stream({ model, messages }).finalMessage()
  await expect(early).rejects.toThrow('did not have response messages: r')

  await lelu.approvals.review(first.pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  const second = await guard.executeToolCalls(message, { messages })
  expect(second.ready).toBe(true)
  messages.push(...second.messages)
  const last = await client.chat.completions.stream({ model, messages }).finalMessage()
  expect(last.content).toBe('Finished.')
  expect(amounts()).toEqual([1, 2])
})

test('the final response of a stream is executed like any other', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const { client } = await wireOf([{ calls }])
  const tools = guard.responsesTools
  const stream = client.responses.stream({ model, input: 'Go on.', tools })
  let events = 0
  for await (const { type } of stream) if (type.endsWith('arguments.done')) events += 1
  expect(events).toBe(2)
  const response = await stream.finalResponse()
  const first = await guard.executeOutput(response)
  await lelu.approvals.review(first.pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  const second = await guard.executeOutput(response)
  expect(second.items).toMatchObject([{ output: 'allowed did 1' }, { output: 'reviewed did 2' }])
  expect(amounts()).toEqual([1, 2])
})

test('runTools with a stream is decided as without one', async () => {
  const { make, tools, amounts } = await openWorld({ mode: 'tell-model' })
  const { client } = await wireOf([{ calls }])
  const runner = client.chat.completions.runTools({
    model,
    messages: [{ role: 'user', content: 'Go on.' }],
    tools: tools.map(make().runnable) as never,
    stream: true,
  })
  await runner.done()
  const told = runner.messages.flatMap((one) => (one.role === 'tool' ? [one.content] : []))
  expect(told).toEqual(['allowed did 1', expect.stringContaining('Waiting for a person')])
  expect(amounts()).toEqual([1])
})
