import type { Lelu } from '@lelu/engine'
import { zodFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { call, conversation, copy, openWorld, reviewer } from './support.ts'

const siblings = [
  call('fails', 'allowed_fails', { amount: 1, note: 'n' }),
  call('runs', 'allowed', { amount: 2, note: 'n' }),
]

test('a tool that throws is answered with its message, and its siblings are not lost', async () => {
  const { guard, amounts } = await openWorld()
  const { message, messages } = await conversation(siblings)
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages.map(({ content }) => content)).toEqual([
    'allowed_fails went wrong',
    'allowed did 2',
  ])
  expect(done.ready).toBe(true)
  expect(amounts().sort()).toEqual([1, 2])
})

test('a tool that throws after an approval is told once and not run again', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const { message, messages } = await conversation([call('f', 'reviewed_fails')])
  const { pending } = await guard.executeToolCalls(message, { messages })
  await lelu.approvals.review(pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  const first = await guard.executeToolCalls(copy(message), { messages })
  expect(first.messages[0]?.content).toBe('reviewed_fails went wrong')
  const second = await guard.executeToolCalls(copy(message), { messages })
  expect(second.messages[0]?.content).toContain('Do not retry the same call')
  expect(amounts()).toEqual([5])
})

test('a result is written for the model as runTools writes it', async () => {
  const itself: { of?: unknown } = {}
  itself.of = itself
  const values: [unknown, string][] = [
    ['text', 'text'],
    [{ a: [1] }, '{"a":[1]}'],
    [undefined, 'undefined'],
    [null, 'null'],
    [12, '12'],
    [12n, '12'],
    // As Prisma has its ids, and node:sqlite its rows, which have no prototype.
    [[{ id: 9007199254740993n }], '[{"id":9007199254740993}]'],
    [Object.assign(Object.create(null), { id: 5n }), '{"id":5}'],
    [Object.assign(Object.create(null), { self: itself }), expect.stringContaining('[Circular')],
  ]
  for (const [value, content] of values) {
    const parameters = z.object({})
    const tool = zodFunction({ name: 'allowed', parameters, function: () => value })
    const { guard } = await openWorld({ tools: [tool] })
    const { message, messages } = await conversation([call('a', 'allowed', {})])
    const done = await guard.executeToolCalls(message, { messages })
    expect(done.messages[0]?.content).toEqual(content)
  }
})

test('whatever a tool throws is told as text, and takes no sibling with it', async () => {
  const thrown = [
    [Object.create(null), '{}'],
    [Object.assign(new Error(), { message: { code: 'E7' } }), '{"code":"E7"}'],
  ] as const
  const tools = thrown.map(([error], at) =>
    zodFunction({
      name: `allowed_${at}`,
      parameters: z.object({}),
      function() {
        throw error
      },
    }),
  )
  const { guard } = await openWorld({ tools })
  const calls = tools.map(({ function: { name } }, at) => call(`${at}`, name, {}))
  const { message, messages } = await conversation(calls)
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages.map(({ content }) => content)).toEqual(
    thrown.map(([, text]) => expect.stringContaining(text)),
  )
})

/** An engine of which one call cannot be decided. */
function failingFor({ guard, approvals }: Lelu, tool: string): Pick<Lelu, 'guard' | 'approvals'> {
  let down = true
  return {
    approvals,
    guard(request, execute) {
      if (request.call.tool !== tool || !down) return guard(request, execute)
      down = false
      return Promise.reject(new Error('the store is down'))
    },
  }
}

test('when one call cannot be decided, its siblings finish first, and run once when the app tries again', async () => {
  const { make, lelu, amounts } = await openWorld()
  const guard = make({ lelu: failingFor(lelu, 'allowed_slow') })
  const calls = [
    call('down', 'allowed_slow', { amount: 1, note: 'n' }),
    call('runs', 'allowed', { amount: 2, note: 'n' }),
  ]
  const { message, messages } = await conversation(calls)
  await expect(guard.executeToolCalls(message, { messages })).rejects.toThrow('the store is down')
  expect(amounts()).toEqual([2])
  const done = await guard.executeToolCalls(message, { messages })
  expect(done.messages.map(({ content }) => content)).toEqual([
    'allowed_slow did 1',
    'allowed did 2',
  ])
  expect(amounts()).toEqual([2, 1])
})

test('two that take up one message at the same time run its allowed call once', async () => {
  const { guard, amounts } = await openWorld()
  const { message, messages } = await conversation([call('a', 'allowed_slow')])
  const both = [1, 2].map(() => guard.executeToolCalls(message, { messages }))
  const [first, second] = await Promise.all(both)
  expect(first).toEqual(second)
  expect(amounts()).toEqual([5])
})

test('calls of one message run side by side', async () => {
  const order: string[] = []
  let release = () => {}
  const released = new Promise<void>((done) => {
    release = done
  })
  const parameters = z.object({})
  const tools = [
    zodFunction({
      name: 'allowed_first',
      parameters,
      function: async () => {
        await released
        order.push('first')
      },
    }),
    zodFunction({
      name: 'allowed_second',
      parameters,
      function: () => {
        order.push('second')
        release()
      },
    }),
  ]
  const { guard } = await openWorld({ tools })
  const names = ['allowed_first', 'allowed_second']
  const { message, messages } = await conversation(names.map((name) => call(name, name, {})))
  await guard.executeToolCalls(message, { messages })
  expect(order).toEqual(['second', 'first'])
})

test('a signal that is aborted before runs nothing; one that is aborted in a tool ends the go', async () => {
  const { guard, amounts } = await openWorld()
  const { message, messages } = await conversation([call('a', 'allowed')])
  const aborted = guard.executeToolCalls(message, { messages, signal: AbortSignal.abort() })
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
  expect(amounts()).toEqual([])

  const control = new AbortController()
  const tool = zodFunction({
    name: 'allowed',
    parameters: z.object({}),
    function: () => {
      control.abort()
      control.signal.throwIfAborted()
    },
  })
  const world = await openWorld({ tools: [tool] })
  const asked = await conversation([call('a', 'allowed', {})])
  const run = world.guard.executeToolCalls(asked.message, {
    messages: asked.messages,
    signal: control.signal,
  })
  await expect(run).rejects.toMatchObject({ name: 'AbortError' })
})

test('a call of an answer that was cut off does not run', async () => {
  const { guard, amounts } = await openWorld()
  const { message, messages, completion } = await conversation([call('a', 'allowed')])
  for (const reason of ['length', 'content_filter'] as const) {
    const cut = copy(completion)
    for (const choice of cut.choices) choice.finish_reason = reason
    const done = await guard.executeToolCalls(copy(message), { messages, completion: cut })
    expect(done.messages[0]?.content).toContain('were cut off before their end')
  }
  expect(amounts()).toEqual([])
})
