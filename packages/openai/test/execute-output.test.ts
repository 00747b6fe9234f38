import { zodResponsesFunction } from 'openai/helpers/zod'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { GuardableTool } from '../src/index.ts'
import { call, copy, openWorld, respond, reviewer } from './support.ts'

test('calls are answered in the form of their kind, and go on when they are decided', async () => {
  const sql: GuardableTool = {
    type: 'custom',
    name: 'allowed_sql',
    function: (text) => `ran ${text}`,
  }
  const { make, tools, lelu, amounts } = await openWorld()
  const guard = make({ tools: [...tools, sql] })
  const { response, items } = await respond([
    call('a', 'allowed', { amount: 1, note: 'n' }),
    { ...call('c', 'allowed_sql', 'select 1'), type: 'custom' },
    call('d', 'denied', { amount: 2, note: 'n' }),
    call('r', 'reviewed', { amount: 3, note: 'n' }),
  ])
  const first = await guard.executeOutput(response, { input: items })
  expect(first.items).toEqual([
    { type: 'function_call_output', call_id: 'a', output: 'allowed did 1' },
    { type: 'custom_tool_call_output', call_id: 'c', output: 'ran select 1' },
    {
      type: 'function_call_output',
      call_id: 'd',
      output: expect.stringContaining('Denied by policy'),
    },
  ])
  expect(first.pending.map(({ toolCallId, tool }) => [toolCallId, tool])).toEqual([
    ['r', 'reviewed'],
  ])
  expect(first.ready).toBe(false)
  items.push(...first.items)

  await lelu.approvals.review(first.pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  const stored = copy({ id: response.id, output: response.output })
  const second = await guard.executeOutput(stored, { input: items })
  expect(second).toEqual({
    items: [{ type: 'function_call_output', call_id: 'r', output: 'reviewed did 3' }],
    pending: [],
    ready: true,
  })
  items.push(...second.items)
  expect(await guard.executeOutput(copy(stored), { input: items })).toMatchObject({ items: [] })
  expect(amounts()).toEqual([1, 3])
})

test('a response that is taken up without its items is answered anew, and what was approved is replayed', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const { response } = await respond([call('r', 'reviewed')])
  const { pending } = await guard.executeOutput(response)
  await lelu.approvals.review(pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  for (let round = 0; round < 2; round += 1) {
    const done = await guard.executeOutput(copy(response))
    expect(done.items).toMatchObject([{ call_id: 'r', output: 'reviewed did 5' }])
  }
  expect(amounts()).toEqual([5])
})

test('an id that a later response uses again is a new call, whatever was answered before', async () => {
  const { guard, lelu, amounts } = await openWorld()
  const first = await respond([call('call_0', 'reviewed')])
  const waiting = await guard.executeOutput(first.response, { input: first.items })
  await lelu.approvals.review(waiting.pending[0]?.approvalId ?? '', {
    verdict: 'approve',
    reviewer,
  })
  const done = await guard.executeOutput(first.response, { input: first.items })
  const second = await respond([call('call_0', 'reviewed')])
  const input = [...first.items, ...done.items, ...(second.response.output as ResponseInputItem[])]
  const next = await guard.executeOutput(second.response, { input })
  expect(next.pending).toHaveLength(1)
  expect(next.pending[0]?.approvalId).not.toBe(waiting.pending[0]?.approvalId)
  // The app has not stored the new items yet: an answer of the old call, with other arguments, is not theirs.
  const third = await respond([call('call_0', 'reviewed', { amount: 9, note: 'n' })])
  const before = [...first.items, ...done.items]
  expect((await guard.executeOutput(third.response, { input: before })).pending).toHaveLength(1)
  expect(amounts()).toEqual([5])
})

test('no two calls share a name, whatever stands in their ids', async () => {
  const { guard, lelu } = await openWorld()
  const [first, second] = [
    await respond([call('a', 'reviewed')]),
    await respond([call('a@b', 'reviewed')]),
  ]
  await guard.executeOutput({ id: 'b@c', output: first.response.output })
  await guard.executeOutput({ id: 'c', output: second.response.output })
  expect((await lelu.approvals.list()).approvals).toHaveLength(2)
})

test('of calls with one id in one response only the first runs', async () => {
  const { guard, amounts } = await openWorld()
  const twice = [1, 2].map((amount) => call('same', 'allowed', { amount, note: 'n' }))
  const { response, items } = await respond(twice)
  const done = await guard.executeOutput(response, { input: items })
  expect(done.items).toMatchObject([
    { output: 'allowed did 1' },
    { output: expect.stringContaining('has the same id') },
  ])
  const input = [...items, ...done.items]
  expect(await guard.executeOutput(copy(response), { input })).toMatchObject({ items: [] })
  const half = await guard.executeOutput(copy(response), { input: input.slice(0, -1) })
  expect(half.items).toEqual(done.items.slice(1))
  expect(amounts()).toEqual([1])

  const waiting = await respond([call('same', 'reviewed'), call('same', 'allowed')])
  const held = await guard.executeOutput(waiting.response)
  expect(held).toMatchObject({ items: [], pending: [{ toolCallId: 'same', tool: 'reviewed' }] })
  expect(held.pending).toHaveLength(1)
})

test('with previous_response_id the answers alone say what is answered', async () => {
  const { guard, amounts } = await openWorld()
  const { response } = await respond([call('a', 'allowed'), call('b', 'allowed')])
  const first = await guard.executeOutput(response)
  const done = await guard.executeOutput(copy(response), { input: first.items.slice(0, 1) })
  expect(done.items).toMatchObject([{ call_id: 'b' }])
  expect(amounts()).toEqual([5, 5, 5])
})

test('blocks that are native to the API stay, and an edit is told in front of them', async () => {
  const blocks = [
    { type: 'input_text', text: 'done' },
    { type: 'input_image', file_id: 'f', detail: 'auto' },
  ]
  const parameters = z.object({ amount: z.number() })
  const tools = ['allowed', 'reviewed'].map((name) =>
    zodResponsesFunction({ name, parameters, function: () => blocks }),
  )
  const { guard, lelu } = await openWorld({ tools })
  const { response } = await respond([
    call('a', 'allowed', { amount: 5 }),
    call('r', 'reviewed', { amount: 5 }),
  ])
  const { items, pending } = await guard.executeOutput(response)
  expect(items).toMatchObject([{ output: blocks }])
  const edit = { verdict: 'approve' as const, reviewer, input: { amount: 2 } }
  await lelu.approvals.review(pending[0]?.approvalId ?? '', edit)
  for (let round = 0; round < 2; round += 1) {
    const done = await guard.executeOutput(copy(response))
    const note = { type: 'input_text', text: expect.stringContaining('It ran with: {"amount":2}') }
    expect(done.items.at(-1)).toMatchObject({ output: [note, ...blocks] })
  }
})

test('a call of the provider’s own program is answered to that program', async () => {
  const { guard } = await openWorld()
  const { response } = await respond([call('a', 'allowed'), call('b', 'allowed')])
  const caller = { type: 'program' as const, caller_id: 'prog_1' }
  const [first, second] = response.output
  const output = [
    { ...first, caller },
    { ...second, caller: { type: 'direct' } },
  ]
  const done = await guard.executeOutput({
    id: response.id,
    output: output as typeof response.output,
  })
  expect(done.items[0]).toHaveProperty('caller', caller)
  expect(done.items[1]).not.toHaveProperty('caller')
})

test('a tool in a namespace of the provider is not the tool of ours with its name', async () => {
  const { guard, amounts } = await openWorld()
  const { response } = await respond([call('a', 'allowed')])
  const output = response.output.map((item) => ({ ...item, namespace: 'crm' }))
  const done = await guard.executeOutput({
    id: response.id,
    output: output as typeof response.output,
  })
  expect(done.items).toMatchObject([{ output: 'There is no tool "allowed". Nothing was run.' }])
  expect(amounts()).toEqual([])
})

test('a call that was cut off does not run, nor any call of a response that was', async () => {
  const { guard, amounts } = await openWorld()
  const { response } = await respond([call('a', 'allowed')])
  const output = response.output.map((item) => ({ ...item, status: 'incomplete' as const }))
  const cuts = [
    { id: response.id, output: output as typeof response.output },
    { ...response, status: 'incomplete' as const },
  ]
  for (const cut of cuts) {
    const done = await guard.executeOutput(cut)
    expect(done.items).toMatchObject([
      { output: expect.stringContaining('were cut off before their end') },
    ])
  }
  expect(amounts()).toEqual([])
})

test('what is no response, and a call without an id, run nothing, and the developer is told', async () => {
  const { guard, amounts } = await openWorld()
  const { response } = await respond([call('a', 'allowed')])
  const nameless = copy(response)
  for (const item of nameless.output) if ('call_id' in item) item.call_id = ''
  const { id, output } = response
  for (const given of [undefined, { id: '', output }, { id }, { output }, nameless]) {
    const run = guard.executeOutput(given as typeof response)
    await expect(run).rejects.toMatchObject({ code: 'LELU_CALL_INVALID' })
  }
  expect(amounts()).toEqual([])
})

test('a tool that throws and an abort are told as in Chat Completions', async () => {
  const { guard } = await openWorld()
  const { response } = await respond([call('f', 'allowed_fails')])
  const done = await guard.executeOutput(response)
  expect(done.items).toMatchObject([{ output: 'allowed_fails went wrong' }])
  const aborted = guard.executeOutput(copy(response), { signal: AbortSignal.abort() })
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })

  const control = new AbortController()
  const stop = () => {
    control.abort()
    control.signal.throwIfAborted()
  }
  const parameters = z.object({})
  const tool = zodResponsesFunction({ name: 'allowed', parameters, function: stop })
  const world = await openWorld({ tools: [tool] })
  const asked = await respond([call('a', 'allowed', {})])
  const run = world.guard.executeOutput(asked.response, { signal: control.signal })
  await expect(run).rejects.toMatchObject({ name: 'AbortError' })
})
