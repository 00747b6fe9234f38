import { expect, test } from 'vitest'
import type { GuardFunctionsOptions } from '../src/index.ts'
import { call, conversation, copy, openWorld, respond, reviewer } from './support.ts'

const four = [
  call('a', 'allowed', { amount: 1, note: 'n' }),
  call('d', 'denied', { amount: 2, note: 'n' }),
  call('r1', 'reviewed', { amount: 3, note: 'n' }),
  call('r2', 'reviewed', { amount: 4, note: 'n' }),
]

test('of four calls the allowed one runs, the denied one does not, two wait, and each goes on when it is decided', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const { message, messages } = await conversation(four)
  const first = await guard.executeToolCalls(message, { messages })
  expect(first.messages).toEqual([
    { role: 'tool', tool_call_id: 'a', content: 'allowed did 1' },
    { role: 'tool', tool_call_id: 'd', content: expect.stringContaining('Denied by policy') },
  ])
  expect(first.pending.map(({ toolCallId, tool }) => [toolCallId, tool])).toEqual([
    ['r1', 'reviewed'],
    ['r2', 'reviewed'],
  ])
  expect(first.ready).toBe(false)
  expect(amounts()).toEqual([1])
  messages.push(...first.messages)

  const [r1, r2] = first.pending.map(({ approvalId }) => approvalId)
  await lelu.approvals.review(r2 ?? '', { verdict: 'approve', reviewer })
  const second = await guard.executeToolCalls(message, { messages })
  expect(second.messages.map(({ content }) => content)).toEqual(['reviewed did 4'])
  expect(second.pending).toEqual([{ approvalId: r1, toolCallId: 'r1', tool: 'reviewed' }])
  messages.push(...second.messages)

  await lelu.approvals.review(r1 ?? '', { verdict: 'deny', reviewer, reason: 'no' })
  const third = await guard.executeToolCalls(message, { messages })
  expect(third).toEqual({
    messages: [
      {
        role: 'tool',
        tool_call_id: 'r1',
        content: expect.stringContaining('A reviewer denied this call: no'),
      },
    ],
    pending: [],
    ready: true,
  })
  expect(amounts()).toEqual([1, 4])
})

test('the answers of an allowed call are kept as long as the message lives, whoever forgets to store them', async () => {
  const { guard, amounts } = await openWorld()
  const { message, messages } = await conversation(four)
  const first = await guard.executeToolCalls(message, { messages })
  const second = await guard.executeToolCalls(message, { messages })
  expect(second).toEqual(first)
  expect(amounts()).toEqual([1])
})

test.each<[string, Partial<GuardFunctionsOptions>]>([
  ['run', { run: ({ context }) => String(context) }],
  ['subject', { subject: async ({ context }) => ({ id: String(context), type: 'agent' }) }],
  ['tenant', { tenant: ({ context }) => String(context) }],
])('a message that two conversations share is decided for each of them (%s)', async (_what, of) => {
  const { guard, amounts } = await openWorld(of)
  const { message, messages } = await conversation([call('a', 'allowed', { amount: 1 })])
  const { response } = await respond([call('b', 'allowed', { amount: 2 })])
  for (const context of ['alice', 'bob', 'alice']) {
    await guard.executeToolCalls(message, { messages, context })
    await guard.executeOutput(response, { context })
  }
  expect(amounts()).toEqual([1, 2, 1, 2])
})

test('a history that is stored and read again goes on, and a call that ran is replayed', async () => {
  const { make, lelu, amounts } = await openWorld()
  const { message, messages } = await conversation([call('r', 'reviewed')])
  const { pending } = await make().executeToolCalls(message, { messages })
  await lelu.approvals.review(pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  for (let round = 0; round < 2; round += 1) {
    const stored = copy({ message, messages })
    const done = await make().executeToolCalls(stored.message, { messages: stored.messages })
    expect(done.messages).toEqual([{ role: 'tool', tool_call_id: 'r', content: 'reviewed did 5' }])
    expect(done.ready).toBe(true)
  }
  expect(amounts()).toEqual([5])
})

test('the option `run` may take its time, as the others may: a session is read, and the calls wait in its run', async () => {
  const { make, lelu, amounts } = await openWorld()
  const guard = make({ run: async () => 'session-7' })
  const { message, messages } = await conversation(four.slice(2, 3))
  const [pending] = (await guard.executeToolCalls(message, { messages })).pending
  const id = pending?.approvalId ?? ''
  expect((await lelu.approvals.get(id)).request.run).toBe('session-7')
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await guard.executeToolCalls(message, { messages })
  expect(amounts()).toEqual([3])
})
