import OpenAI from 'openai'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { expect, test } from 'vitest'
import { call, openWorld } from './support.ts'
import { chatChunks } from './wire-chat.ts'
import { responseEvents, responseObject } from './wire-responses.ts'

const model = 'gpt-test'
const calls = [
  call('a', 'allowed', { amount: 1, note: 'n' }),
  call('r', 'reviewed', { amount: 2, note: 'n' }),
]

/** The real client, whose provider sends exactly these events. */
function clientOf(events: readonly { data: unknown }[]): OpenAI {
  const lines = events.map(({ data }) => (typeof data === 'string' ? data : JSON.stringify(data)))
  const body = lines.map((line) => `data: ${line}\n\n`).join('')
  const headers = { 'content-type': 'text/event-stream' }
  return new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: async () => new Response(body, { headers }),
  })
}

type Chunk = {
  choices: { delta: { tool_calls?: { index: number }[] }; finish_reason: string | null }[]
}

/** The chunks of the answer, each changed. */
function chunksWith(change: (choice: Chunk['choices'][number]) => void) {
  const events = chatChunks({ calls }, 1)
  for (const { data } of events) {
    if (typeof data !== 'string') for (const choice of (data as Chunk).choices) change(choice)
  }
  return events
}

test.each([
  [
    'has two calls in one place',
    chunksWith(({ delta }) => {
      for (const one of delta.tool_calls ?? []) one.index = 0
    }),
    [['r', 'do not pass the schema']],
  ],
  [
    'came to its limit',
    chunksWith((choice) => {
      if (choice.finish_reason !== null) choice.finish_reason = 'length'
    }),
    [
      ['a', 'cut off before their end'],
      ['r', 'cut off before their end'],
    ],
  ],
])('a stream that %s runs nothing', async (_, events, told) => {
  const { guard, lelu, amounts } = await openWorld()
  const messages: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Go on.' }]
  const stream = clientOf(events).chat.completions.stream({ model, messages })
  const completion = await stream.finalChatCompletion()
  const message = await stream.finalMessage()
  messages.push(message)
  const done = await guard.executeToolCalls(message, { messages, completion })
  expect(done).toMatchObject({ ready: true, pending: [] })
  expect(done.messages).toEqual(
    told.map(([id, text]) => ({
      role: 'tool',
      tool_call_id: id,
      content: expect.stringContaining(text ?? ''),
    })),
  )
  expect((await lelu.approvals.list()).approvals).toEqual([])
  expect(amounts()).toEqual([])
})

const response = responseObject({ calls }, 1, {})
const begun = responseEvents(response).slice(0, -1)

/** The last event of a stream whose response ended otherwise than well. */
const ended = (status: string) => ({
  data: { type: `response.${status}`, sequence_number: 99, response: { ...response, status } },
})

test.each(['incomplete', 'failed'])(
  'a stream whose response is %s runs nothing',
  async (status) => {
    const { guard, lelu, amounts } = await openWorld()
    const client = clientOf([...begun, ended(status)])
    const final = await client.responses.stream({ model, input: 'Go on.' }).finalResponse()
    const { items, pending } = await guard.executeOutput(final)
    const output = expect.stringContaining('cut off before their end')
    expect(items).toMatchObject([{ output }, { output }])
    expect(pending).toEqual([])
    expect((await lelu.approvals.list()).approvals).toEqual([])
    expect(amounts()).toEqual([])
  },
)

test('a stream of a response that broke off runs nothing, and the developer is told', async () => {
  const { guard, amounts } = await openWorld()
  const client = clientOf(begun)
  const final = await client.responses.stream({ model, input: 'Go on.' }).finalResponse()
  await expect(guard.executeOutput(final)).rejects.toMatchObject({
    code: 'LELU_CALL_INVALID',
    message: expect.stringContaining('`in_progress`'),
  })
  expect(amounts()).toEqual([])
})
