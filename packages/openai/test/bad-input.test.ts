import { expect, test } from 'vitest'
import { isLeluError } from '../src/index.ts'
import { call, conversation, openWorld, respond } from './support.ts'

/** What an app may hand over by mistake, such as `choices[0]?.message` of an answer without choices. */
const nothing = [undefined, null, 'text', 5]

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'answered',
    (error: unknown) => (isLeluError(error) ? error.code : `${error}`),
  )
}

test.each(nothing)('a message that is %s is refused by name', async (message) => {
  const { guard } = await openWorld()
  const { messages } = await conversation([call('a', 'allowed')])
  const executed = guard.executeToolCalls(message as never, { messages })
  expect(await codeOf(executed)).toBe('LELU_CALL_INVALID')
})

test('what is no message of a model is refused by name: the app would take it for answered', async () => {
  const { guard } = await openWorld()
  const { messages, message, completion } = await conversation([call('a', 'allowed')])
  const strange = [{}, completion, messages[0], { ...message, tool_calls: {} }]
  for (const given of strange) {
    const executed = guard.executeToolCalls(given as never, { messages })
    expect(await codeOf(executed)).toBe('LELU_CALL_INVALID')
  }
})

test('what is no completion is refused by name, and runs nothing', async () => {
  const { guard, amounts } = await openWorld()
  const { messages, message, completion } = await conversation([call('a', 'allowed')])
  const chunk = { ...completion, choices: [{ index: 0, delta: {}, finish_reason: 'length' }] }
  for (const given of ['text', {}, completion.choices[0], chunk, { choices: [null] }]) {
    const done = guard.executeToolCalls(message, { messages, completion: given as never })
    expect(await codeOf(done)).toBe('LELU_CALL_INVALID')
  }
  expect(amounts()).toEqual([])
})

test.each(nothing)(
  'a conversation with %s in it is refused by name, and runs nothing',
  async (one) => {
    const { guard, amounts } = await openWorld()
    const { messages, message } = await conversation([call('a', 'allowed')])
    const broken = [one, ...messages] as never
    const executed = guard.executeToolCalls(message, { messages: broken })
    expect(await codeOf(executed)).toBe('LELU_CALL_INVALID')
    expect(await codeOf(guard.cancelAbandoned(broken))).toBe('LELU_CALL_INVALID')
    expect(await codeOf(guard.cancelAbandoned(one as never))).toBe('LELU_CALL_INVALID')
    expect(amounts()).toEqual([])
  },
)

test.each(nothing)(
  'a response, or an item of it, that is %s is refused by name, and runs nothing',
  async (one) => {
    const { guard, amounts } = await openWorld()
    const { response } = await respond([call('a', 'allowed')])
    const broken = { ...response, output: [...response.output, one] } as never
    for (const given of [one as never, broken]) {
      expect(await codeOf(guard.executeOutput(given))).toBe('LELU_CALL_INVALID')
      expect(await codeOf(guard.cancelOutput(given))).toBe('LELU_CALL_INVALID')
    }
    const input = [one] as never
    expect(await codeOf(guard.executeOutput(response, { input }))).toBe('LELU_CALL_INVALID')
    expect(await codeOf(guard.cancelOutput(response, { input }))).toBe('LELU_CALL_INVALID')
    expect(amounts()).toEqual([])
  },
)

test('the text that the Responses API takes as input is refused where answers are looked for', async () => {
  const { guard } = await openWorld()
  const { response } = await respond([call('a', 'allowed')])
  const input = 'Go on.' as never
  expect(await codeOf(guard.executeOutput(response, { input }))).toBe('LELU_CALL_INVALID')
})
