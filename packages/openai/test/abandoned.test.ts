import { LeluError } from '@lelu/engine/adapter'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import { call, conversation, copy, openWorld, reviewer, watched, wireOf } from './support.ts'

const user: ChatCompletionMessageParam = { role: 'user', content: 'Never mind.' }

test('calls that a new message left behind are cancelled and answered, and a late approval runs nothing', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const { message, messages } = await conversation([
    call('a', 'allowed', { amount: 1, note: 'n' }),
    call('r1', 'reviewed', { amount: 2, note: 'n' }),
    call('r2', 'reviewed', { amount: 3, note: 'n' }),
  ])
  const { messages: answers, pending } = await guard.executeToolCalls(message, { messages })
  messages.push(...answers)
  const ids = pending.map(({ approvalId }) => approvalId)
  await lelu.approvals.review(ids[1] ?? '', { verdict: 'approve', reviewer })
  const repaired = await guard.cancelAbandoned([...messages, user])

  const { client } = await wireOf([])
  await client.chat.completions.create({ model: 'gpt-test', messages: repaired })
  const told = repaired.flatMap((one) => (one.role === 'tool' ? [one] : []))
  expect(Object.fromEntries(told.map((one) => [one.tool_call_id, one.content]))).toEqual({
    a: 'allowed did 1',
    r1: expect.stringContaining('cancelled: the conversation went on without it'),
    r2: expect.stringContaining('cancelled: the conversation went on without it'),
  })
  expect(repaired.filter((one) => one.role !== 'tool')).toEqual([messages[0], message, user])
  for (const id of ids) expect((await lelu.approvals.get(id)).state).toBe('cancelled')
  const late = lelu.approvals.review(ids[0] ?? '', { verdict: 'approve', reviewer })
  await expect(late).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
  const again = await guard.executeToolCalls(copy(message), { messages })
  expect(again.ready).toBe(true)
  expect(amounts()).toEqual([1])
})

test('a call that has run is answered with its result, and one that was never decided is not decided now', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const { message, messages } = await conversation([call('r', 'reviewed')])
  const { pending } = await guard.executeToolCalls(message, { messages })
  await lelu.approvals.review(pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  await guard.executeToolCalls(message, { messages })
  const other = await conversation(
    [call('x', 'allowed'), call('y', 'nobody'), call('z', 'allowed', '{'), call('x', 'allowed')],
    [user],
  )
  const repaired = await guard.cancelAbandoned([...messages, ...other.messages, user])
  const told = repaired.flatMap((one) => (one.role === 'tool' ? [one.content] : []))
  expect(told).toEqual([
    'reviewed did 5',
    expect.stringContaining('it is not known whether it ran'),
    expect.stringContaining('There is no tool "nobody"'),
    expect.stringContaining('do not pass the schema'),
    expect.stringContaining('has the same id'),
  ])
  expect(amounts()).toEqual([5])
})

test('a call that could not be cancelled does not run all the same', async () => {
  const { guard, make, lelu, amounts } = await openWorld()
  const { message, messages } = await conversation([call('r', 'reviewed')])
  const { pending } = await guard.executeToolCalls(message, { messages })
  await lelu.approvals.review(pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  const cancel = () =>
    Promise.reject(new LeluError('LELU_APPROVAL_STATE', 'It cannot be cancelled.', { help: '' }))
  const approvals = { ...lelu.approvals, cancel }
  const other = make({ lelu: { guard: lelu.guard, approvals } })
  await other.cancelAbandoned([...messages, user])
  expect(amounts()).toEqual([])
})

test('a conversation that has not gone on stays as it is', async () => {
  const { guard, lelu } = await openWorld()
  const { message, messages } = await conversation([call('r', 'reviewed')])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const noted = [...messages, { role: 'developer' as const, content: 'A person was asked.' }]
  expect(await guard.cancelAbandoned(noted)).toEqual(noted)
  expect((await lelu.approvals.get(pending[0]?.approvalId ?? '')).state).toBe('pending')
})

/** A long conversation in which every call is answered. */
function longOne(steps: number) {
  const messages = Array.from({ length: steps }, (): ChatCompletionMessageParam[] => [
    user,
    {
      role: 'assistant',
      tool_calls: [{ id: 'call_0', type: 'function', function: { name: 'x', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'call_0', content: 'done' },
  ]).flat()
  return watched([...messages, user])
}

test('a conversation that is twice as long is looked at twice as often', async () => {
  const { guard } = await openWorld()
  const [short, long] = [longOne(50), longOne(100)]
  await guard.cancelAbandoned(short.items)
  await guard.cancelAbandoned(long.items)
  expect(long.looks()).toBeLessThan(2.1 * short.looks())
})

test('an answer behind a later message of the user is an answer', async () => {
  const { guard } = await openWorld()
  const { messages } = await conversation([call('a', 'allowed')])
  const answer = { role: 'tool' as const, tool_call_id: 'a', content: 'allowed did 5' }
  const given = [...messages, user, answer]
  expect(await guard.cancelAbandoned(given)).toEqual(given)
})

test('the approvals of another tenant are left alone', async () => {
  const { guard, make, lelu } = await openWorld()
  const { message, messages } = await conversation([call('r', 'reviewed')])
  const mine = await make({ tenant: 'mine' }).executeToolCalls(message, { messages })
  await guard.cancelAbandoned([...messages, user])
  const id = mine.pending[0]?.approvalId ?? ''
  expect((await lelu.approvals.get(id)).state).toBe('pending')
  await make({ tenant: 'mine' }).cancelAbandoned([...messages, user])
  expect((await lelu.approvals.get(id)).state).toBe('cancelled')
})

test('the calls of a response are cancelled in their own form, hosted calls among them', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const hosted = { id: 'mcpr_1', name: 'reviewed_write', arguments: '{}', type: 'mcp' as const }
  const { client } = await wireOf([
    { calls: [call('r', 'reviewed'), hosted, call('a', 'allowed')] },
  ])
  const input: ResponseInputItem[] = [{ role: 'user', content: 'Go on.' }]
  const response = await client.responses.create({ model: 'gpt-test', input })
  input.push(...(response.output as ResponseInputItem[]))
  const { items, pending } = await guard.executeOutput(response, { input })
  input.push(...items)
  for (const { approvalId } of pending) {
    await lelu.approvals.review(approvalId, { verdict: 'approve', reviewer })
  }
  const cancelled = await guard.cancelOutput(copy(response), { input })
  expect(cancelled).toEqual([
    { type: 'function_call_output', call_id: 'r', output: expect.stringContaining('cancelled') },
    { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve: false },
  ])
  const again = await guard.executeOutput(copy(response), { input })
  expect(again.items).toMatchObject([
    { output: expect.stringContaining('cancelled') },
    { approve: false },
  ])
  input.push(...cancelled, { role: 'user', content: 'Never mind.' })
  await client.responses.create({ model: 'gpt-test', input })
  expect(await guard.cancelOutput(copy(response), { input })).toEqual([])
  expect(amounts()).toEqual([5])
})
