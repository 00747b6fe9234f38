import { expect, test } from 'vitest'
import { guardWith, openLelu } from './support.ts'

const user = { role: 'user', content: 'Go on.' }

/** Neither a text, nor anything that becomes one. */
const nameless = { toString: null, valueOf: null }
const call = { type: 'tool-call', toolCallId: nameless }
const request = { type: 'tool-approval-request', toolCallId: 'c', approvalId: [nameless] }

test.each([
  ['nothing', null],
  ['a text', 'x'],
  ['an object', { role: 'user', content: 'x' }],
  ['a message that is null', [user, null]],
  ['a message without a role', [{ content: 'x' }]],
  ['a message without content', [{ role: 'assistant' }]],
  ['tool results that are a text', [user, { role: 'tool', content: 'x' }]],
  ['a part that is null', [user, { role: 'tool', content: [null] }]],
  ['a part without a type', [user, { role: 'assistant', content: [{}] }]],
  ['a call whose id is no text', [user, { role: 'assistant', content: [call] }]],
  ['a request whose id is no text', [user, { role: 'assistant', content: [request] }]],
])('%s instead of a history is refused by name', async (_what, messages) => {
  const guard = guardWith(await openLelu())
  for (const read of [guard.settle, guard.pending, guard.cancelAbandoned]) {
    await expect(read(messages as never)).rejects.toMatchObject({ code: 'LELU_REQUEST_INVALID' })
  }
})

test.each([
  ['parts that are no list', [{ role: 'user', parts: 'x' }]],
  ['a part that is null', [{ role: 'user', parts: [null] }]],
  [
    'a call whose id is no text',
    [{ role: 'assistant', parts: [{ type: 'tool-reviewed', toolCallId: nameless }] }],
  ],
  ['a message of a model among those of a chat', [{ role: 'user', parts: [] }, user]],
])('a chat with %s is refused by name', async (_what, messages) => {
  const guard = guardWith(await openLelu())
  const read = guard.cancelAbandoned(messages as never)
  await expect(read).rejects.toMatchObject({ code: 'LELU_REQUEST_INVALID' })
})

test('messages of a chat that were not converted are no history to settle', async () => {
  const guard = guardWith(await openLelu())
  const chat = [{ id: 'u1', role: 'user', parts: [{ type: 'text', text: 'Go on.' }] }]
  await expect(guard.settle(chat as never)).rejects.toMatchObject({
    code: 'LELU_REQUEST_INVALID',
    help: expect.stringContaining('guard.cancelAbandoned'),
  })
})
