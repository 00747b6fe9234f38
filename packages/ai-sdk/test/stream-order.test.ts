import { setTimeout as sleep } from 'node:timers/promises'
import { selfReport } from '@lelu/confidence'
import type { ConfidenceReader } from '@lelu/engine/adapter'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { scriptedModel, usage } from './scripted-model.ts'
import { createTools, guardWith, openLelu, stream } from './support.ts'

type Stream = Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream']
type StreamPart = Stream extends ReadableStream<infer Part> ? Part : never

const thinks = (id: string): StreamPart[] => [
  { type: 'reasoning-start', id },
  { type: 'reasoning-delta', id, delta: id },
  { type: 'reasoning-end', id },
]

const calls = (toolCallId: string, input: object): StreamPart[] => {
  const text = JSON.stringify(input)
  return [
    { type: 'tool-input-start', id: toolCallId, toolName: 'allowed' },
    { type: 'tool-input-delta', id: toolCallId, delta: text },
    { type: 'tool-input-end', id: toolCallId },
    { type: 'tool-call', toolCallId, toolName: 'allowed', input: text },
  ]
}

/** An answer that thinks before each of its calls, as the providers of reasoning models need it back. */
function thinkingModel(more: object = {}) {
  const { model } = scriptedModel([])
  const parts: StreamPart[] = [
    { type: 'stream-start', warnings: [] },
    ...thinks('before a'),
    ...calls('a', { amount: 1, ...more }),
    ...thinks('before b'),
    ...calls('b', { amount: 2, ...more }),
    { type: 'finish', finishReason: { unified: 'tool-calls', raw: 'tool_calls' }, usage },
  ]
  let asked = false
  return new MockLanguageModelV4({
    async doStream(params) {
      if (asked) return model.doStream(params)
      asked = true
      return { stream: convertArrayToReadableStream(parts) }
    },
  })
}

async function orderOf(confidence?: ConfidenceReader) {
  const guard = guardWith(await openLelu(), confidence && { confidence })
  const base = thinkingModel(confidence?.added && { [confidence.added.name]: 90 })
  const read = async (model: MockLanguageModelV4 | ReturnType<typeof guard.model>) => {
    const { messages, parts } = await stream({ guard, tools: createTools().tools, model })
    const { content } = messages[1] as {
      content: { type: string; text?: string; toolCallId?: string }[]
    }
    return {
      said: content.map(({ type, text, toolCallId }) => `${type} ${text ?? toolCallId}`),
      shown: parts.flatMap((part) => ('id' in part ? [`${part.type} ${part.id}`] : [])),
    }
  }
  return { plain: await read(thinkingModel()), guarded: await read(guard.model(base)) }
}

const order = ['reasoning before a', 'tool-call a', 'reasoning before b', 'tool-call b']

test.each([
  ['no reader', undefined],
  ['a reader that finds nothing', (() => undefined) as ConfidenceReader],
  ['a reader with a field of its own', selfReport()],
])('a streamed answer keeps its order with %s', async (_what, reader) => {
  const { plain, guarded } = await orderOf(reader)
  expect(plain.said).toEqual(order)
  expect(guarded.said).toEqual(order)
  expect(guarded.shown).toEqual(plain.shown)
})

/** A stream that is written part by part, and what is shown of it. */
async function openStream(confidence?: ConfidenceReader) {
  const guard = guardWith(await openLelu(), confidence && { confidence })
  const sent: TransformStream<StreamPart, StreamPart> = new TransformStream()
  const open = new MockLanguageModelV4({ doStream: async () => ({ stream: sent.readable }) })
  const { stream: shown } = await guard.model(open).doStream({ prompt: [] })
  return { writer: sent.writable.getWriter(), reader: shown.getReader() }
}

test('without a reader every part goes on as it comes', async () => {
  const { writer, reader } = await openStream()
  for (const part of [...calls('a', { amount: 1 }), ...thinks('b')]) {
    const next = reader.read()
    await writer.write(part)
    expect((await next).value).toMatchObject({ type: part.type })
  }
})

test('with a reader a call and what is behind it wait for the end of the answer', async () => {
  const { writer, reader } = await openStream(() => undefined)
  const parts = [...calls('a', { amount: 1 }).slice(-1), ...thinks('b')]
  const first = reader.read()
  for (const part of parts) await writer.write(part)
  expect(await Promise.race([first, sleep(20, 'held')])).toBe('held')
  await Promise.all([writer.close(), first])
  expect((await first).value).toMatchObject({ type: 'tool-call' })
  expect((await reader.read()).value).toMatchObject({ type: 'reasoning-start' })
})
