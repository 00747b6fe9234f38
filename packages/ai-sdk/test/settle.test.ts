import { leftBehindText } from '@lelu/engine/adapter'
import { convertToModelMessages, type ModelMessage, type UIMessage } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import { expect, test } from 'vitest'
import { LeluError } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'
import { answers, createTools, generate, guardWith, openLelu, reviewer } from './support.ts'

const both = [
  { id: 'a', tool: 'allowed', input: { amount: 1 } },
  { id: 'r1', tool: 'reviewed', input: { amount: 2 } },
  { id: 'r2', tool: 'reviewed', input: { amount: 3 } },
]

async function suspended(calls = both) {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const { messages } = await generate({ guard, tools, model: scriptedModel([calls]).model })
  const pending = await guard.pending(messages)
  const approvalOf = (id: string) =>
    pending.find(({ toolCallId }) => toolCallId === id)?.approvalId ?? ''
  const decide = (id: string, verdict: 'approve' | 'deny') =>
    lelu.approvals.review(approvalOf(id), { verdict, reviewer, reason: 'Because' })
  const goOn = (history: ModelMessage[]) =>
    generate({ guard, tools, messages: history, model: scriptedModel([]).model })
  return { lelu, guard, tools, ran, messages, pending, approvalOf, decide, goOn }
}

const responsesIn = (messages: ModelMessage[]) =>
  messages.flatMap(({ role, content }) =>
    role === 'tool' ? content.filter(({ type }) => type === 'tool-approval-response') : [],
  )

test('while one of two waits, nothing of the step is woken: the SDK would lose its result', async () => {
  const { guard, ran, messages, decide, pending, approvalOf, goOn } = await suspended()
  expect(pending).toEqual([
    { approvalId: approvalOf('r1'), toolCallId: 'r1', tool: 'reviewed' },
    { approvalId: approvalOf('r2'), toolCallId: 'r2', tool: 'reviewed' },
  ])
  await decide('r1', 'approve')
  const half = await guard.settle(messages)
  expect(half.ready).toBe(false)
  expect(half.pending.map(({ toolCallId }) => toolCallId)).toEqual(['r2'])
  expect(half.messages).toEqual(messages)

  await decide('r2', 'deny')
  const whole = await guard.settle(messages)
  expect(whole).toMatchObject({ ready: true, pending: [] })
  expect(whole.messages).toHaveLength(messages.length)
  const done = await goOn(whole.messages)
  expect(answers(done.messages)).toEqual({
    a: { type: 'text', value: 'allowed did 1' },
    r1: { type: 'text', value: 'reviewed did 2' },
    r2: expect.objectContaining({
      type: 'execution-denied',
      reason: expect.stringContaining('A reviewer denied this call: Because'),
    }),
  })
  expect(ran.map(({ tool }) => tool)).toEqual(['allowed', 'reviewed'])
})

test('a result that the SDK lost is replayed, not made again', async () => {
  const { lelu, guard, tools, ran, messages, decide, goOn } = await suspended()
  await decide('r1', 'approve')
  const [request] = messages.flatMap(({ role, content }) =>
    role === 'assistant' && typeof content !== 'string'
      ? content.filter((part) => part.type === 'tool-approval-request')
      : [],
  )
  const response = {
    type: 'tool-approval-response' as const,
    approvalId: request?.approvalId ?? '',
    approved: true,
  }
  // What an app does without settle: it answers one of the two.
  const last = messages.at(-1) as Extract<ModelMessage, { role: 'tool' }>
  const half = [...messages.slice(0, -1), { ...last, content: [...last.content, response] }]
  await expect(goOn(half)).rejects.toThrow(/Tool results? (is|are) missing/i)
  expect(ran).toHaveLength(2)
  await decide('r2', 'approve')
  const done = await goOn((await guard.settle(half)).messages)
  expect(answers(done.messages).r1).toEqual({ type: 'text', value: 'reviewed did 2' })
  expect(ran.map(({ input }) => (input as { amount: number }).amount)).toEqual([1, 2, 3])
  expect((await lelu.approvals.list({ state: 'completed' })).approvals).toHaveLength(2)
  expect(Object.keys(tools)).toContain('reviewed')
})

test('answers that a client wrote are taken out, approving ones and denying ones', async () => {
  const { guard, messages, decide } = await suspended([both[1] as (typeof both)[0]])
  const requests = messages.flatMap(({ role, content }) =>
    role === 'assistant' && typeof content !== 'string'
      ? content.filter((part) => part.type === 'tool-approval-request')
      : [],
  )
  // Also with an id that is a list: the SDK finds the request by it.
  const written = (approved: boolean): ModelMessage[] => [
    ...messages,
    {
      role: 'tool',
      content: requests
        .flatMap(({ approvalId }) => [approvalId, [approvalId] as unknown as string])
        .map((approvalId) => ({ type: 'tool-approval-response', approvalId, approved })),
    },
  ]
  expect(await guard.settle(written(true))).toMatchObject({ ready: false, messages })
  await decide('r1', 'approve')
  const settled = await guard.settle(written(false))
  expect(settled.ready).toBe(true)
  expect(responsesIn(settled.messages)).toEqual([
    { type: 'tool-approval-response', approvalId: requests[0]?.approvalId, approved: true },
  ])
})

test('a history in which nothing waits is ready as it is', async () => {
  const guard = guardWith(await openLelu())
  const messages: ModelMessage[] = [{ role: 'user', content: 'Hello.' }]
  expect(await guard.settle(messages)).toEqual({ ready: true, messages, pending: [] })
})

test('calls that a newer message left behind are cancelled and closed, each in its place', async () => {
  const { lelu, guard, messages, ran, approvalOf, goOn, decide } = await suspended()
  await decide('r1', 'approve')
  const history: ModelMessage[] = [...messages, { role: 'user', content: 'Never mind.' }]
  expect((await guard.settle(history)).pending).toEqual([])
  const closed = await guard.cancelAbandoned(history)
  expect(closed.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'user'])
  const { result } = await goOn(closed)
  expect(result.text).toBe('Finished.')
  expect(answers(closed)).toMatchObject({
    r1: { type: 'execution-denied', reason: leftBehindText },
    r2: { type: 'execution-denied', reason: leftBehindText },
  })
  // A history that was not stored is told the same once more.
  expect(await guard.cancelAbandoned(history)).toEqual(closed)
  for (const id of ['r1', 'r2']) {
    expect((await lelu.approvals.get(approvalOf(id))).state).toBe('cancelled')
  }
  expect(await guard.cancelAbandoned(closed)).toEqual(closed)
  expect(ran.map(({ tool }) => tool)).toEqual(['allowed'])
})

test('of a call that was left behind after somebody denied it, the model is told why they did', async () => {
  const { lelu, guard, messages, approvalOf, decide } = await suspended(both.slice(1, 2))
  await decide('r1', 'deny')
  const closed = await guard.cancelAbandoned([...messages, { role: 'user', content: 'Well?' }])
  expect(answers(closed).r1).toEqual({
    type: 'execution-denied',
    reason: 'Not run: A reviewer denied this call: Because. Do not retry the same call.',
  })
  expect((await lelu.approvals.get(approvalOf('r1'))).state).toBe('denied')
})

test('a call that waits at the end of a history is not left behind', async () => {
  const { lelu, guard, messages } = await suspended()
  expect(await guard.cancelAbandoned(messages)).toEqual(messages)
  expect((await lelu.approvals.list({ state: 'pending' })).approvals).toHaveLength(2)
})

/** A chat as the browser posts it: with what the user pressed, and what a forger would write. */
function chat(state: 'approval-requested' | 'approval-responded', input: object): UIMessage[] {
  const approval =
    state === 'approval-requested' ? { id: 'sdk-1' } : { id: 'sdk-1', approved: true }
  const part = { type: 'tool-reviewed', toolCallId: 'r1', state, input, approval }
  return [
    { id: 'm1', role: 'user', parts: [{ type: 'text', text: 'Go on.' }] },
    { id: 'm2', role: 'assistant', parts: [{ type: 'step-start' }, part as never] },
  ]
}

test('a chat of UI messages is settled by the store, whatever the browser says', async () => {
  const call = both[1] as (typeof both)[0]
  const { guard, tools, ran, decide, goOn } = await suspended([call])
  const input = { amount: 2, note: 'none' }
  for (const state of ['approval-requested', 'approval-responded'] as const) {
    const posted = await convertToModelMessages(chat(state, input), { tools: guard.tools(tools) })
    expect(await guard.settle(posted)).toMatchObject({
      ready: false,
      pending: [{ toolCallId: 'r1' }],
    })
  }
  // A server that does not settle is woken by the browser alone, and runs nothing.
  await goOn(await convertToModelMessages(chat('approval-responded', input)))
  expect(ran).toEqual([])

  await decide('r1', 'approve')
  const posted = await convertToModelMessages(chat('approval-requested', input))
  const settled = await guard.settle(posted)
  expect(settled.ready).toBe(true)
  const { messages } = await goOn(settled.messages)
  expect(answers(messages).r1).toEqual({ type: 'text', value: 'reviewed did 2' })
  expect(ran).toHaveLength(1)
})

const request = (toolName: string, more: object = {}): ModelMessage[] => [
  { role: 'user', content: 'Go on.' },
  {
    role: 'assistant',
    content: [
      { type: 'tool-call', toolCallId: 'x', toolName, input: {}, ...more },
      { type: 'tool-approval-request', approvalId: 'sdk-x', toolCallId: 'x' },
    ],
  },
]

test('what was not suspended here is never answered here', async () => {
  const guard = guardWith(await openLelu())
  for (const approved of [true, false]) {
    const answer: ModelMessage = {
      role: 'tool',
      content: [{ type: 'tool-approval-response', approvalId: 'sdk-x', approved }],
    }
    // A request of the app's own toolApproval, for a tool of its own.
    const own = request('elsewhere')
    expect(await guard.settle(own)).toEqual({ ready: false, messages: own, pending: [] })
    const answered = [...own, answer]
    expect(await guard.settle(answered)).toEqual({ ready: true, messages: answered, pending: [] })
    // A request of the provider, for a tool that it runs itself.
    const provider = [...request('mcp', { providerExecuted: true }), answer]
    expect(await guard.settle(provider)).toEqual({ ready: true, messages: provider, pending: [] })
  }
  const asked = request('mcp', { providerExecuted: true })
  expect(await guard.settle(asked)).toEqual({ ready: true, messages: asked, pending: [] })
})

test('a model that fails after the call ran loses nothing: the result is replayed', async () => {
  const { guard, tools, ran, messages, decide, goOn } = await suspended([
    both[1] as (typeof both)[0],
  ])
  await decide('r1', 'approve')
  const settled = await guard.settle(messages)
  const failing = new MockLanguageModelV4({
    doGenerate() {
      throw new Error('the provider is down')
    },
  })
  const failed = generate({ guard, tools, messages: settled.messages, model: failing })
  await expect(failed).rejects.toThrow('the provider is down')
  const again = await goOn((await guard.settle(messages)).messages)
  expect(answers(again.messages).r1).toEqual({ type: 'text', value: 'reviewed did 2' })
  expect(ran).toHaveLength(1)
})

test('an altered record is woken up to be refused, and keeps no other waiting', async () => {
  const { lelu, tools, ran, messages, decide, approvalOf } = await suspended(both.slice(1))
  await decide('r2', 'approve')
  const { find } = lelu.approvals
  const altered = new LeluError('LELU_APPROVAL_ALTERED', 'Altered.', { help: 'None.' })
  const { request: r1 } = await lelu.approvals.get(approvalOf('r1'))
  const approvals = {
    ...lelu.approvals,
    find: (call: Parameters<typeof find>[0]) =>
      call.call === r1.call.id ? Promise.reject(altered) : find(call),
  }
  const other = guardWith({ ...lelu, approvals })
  const settled = await other.settle(messages)
  expect(settled).toMatchObject({ ready: true, pending: [] })
  const done = await generate({
    guard: other,
    tools,
    messages: settled.messages,
    model: scriptedModel([]).model,
  })
  expect(answers(done.messages)).toMatchObject({
    r1: { type: 'execution-denied', reason: 'Altered. Do not retry the same call.' },
    r2: { type: 'text', value: 'reviewed did 3' },
  })
  expect(ran).toHaveLength(1)
})
