import { zodFunction } from 'openai/helpers/zod'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { outcomesOf } from './log-of.ts'
import { call, conversation, copy, openWorld, respond, reviewer } from './support.ts'

// What is thrown in the place of the tool is no failure of the tool: the log must not say that it ran.

test('an edit that the tool does not take is on record as not run', async () => {
  let runs = 0
  const tool = zodFunction({
    name: 'reviewed',
    parameters: z.object({ amount: z.number().refine((amount) => amount < 100) }),
    function: async () => `number ${++runs}`,
  })
  const { guard, lelu } = await openWorld({ tools: [tool] })
  const { message, messages } = await conversation([call('a', 'reviewed', { amount: 5 })])
  const { pending } = await guard.executeToolCalls(message, { messages })
  const edit = { verdict: 'approve' as const, reviewer, input: { amount: 500 } }
  await lelu.approvals.review(pending[0]?.approvalId ?? '', edit)
  const first = await guard.executeToolCalls(copy(message), { messages })
  expect(first.messages[0]?.content).toContain('does not pass the schema of the tool')
  expect(outcomesOf(lelu)).toEqual(['not_run'])
  const again = await guard.executeToolCalls(copy(message), { messages })
  expect(again.messages[0]?.content).not.toContain('ran and failed')
  expect(runs).toBe(0)
})

test('a hosted call that is not handed over is on record as not run', async () => {
  const { make, lelu } = await openWorld()
  const { response } = await respond([
    { ...call('m', 'allowed_read', '{"path":"/a"}'), type: 'mcp' },
  ])
  // Against an engine that runs another input than it was asked about.
  const other = make({
    lelu: {
      approvals: lelu.approvals,
      guard: (request, execute, hooks) =>
        lelu.guard(
          request,
          (call, run) => execute({ ...call, input: { path: '/b' } } as typeof call, run),
          hooks,
        ),
    },
  })
  const { items } = await other.executeOutput(response)
  expect(items).toMatchObject([{ approve: false }])
  expect(outcomesOf(lelu)).toEqual(['not_run'])
})

test('a call whose run is aborted while a reader is asked is on record as not run, and runs when it is asked for again', async () => {
  const control = new AbortController()
  const { guard, lelu, amounts } = await openWorld({
    confidence: async () => {
      control.abort()
      return undefined
    },
  })
  const { message, messages } = await conversation([call('a', 'allowed')])
  const run = guard.executeToolCalls(message, { messages, signal: control.signal })
  await expect(run).rejects.toMatchObject({ name: 'AbortError' })
  expect(amounts()).toEqual([])
  expect(outcomesOf(lelu)).toEqual(['not_run'])
  await guard.executeToolCalls(message, { messages })
  expect(amounts()).toEqual([5])
})
