import type { Response } from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import { call, conversation, copy, openWorld, respond, reviewer } from './support.ts'

// Half a JSON is no JSON, but `DELETE FROM orders` may be the half of a longer text.

const text = 'DELETE FROM orders'
const custom = (name: string) => ({ ...call('c', name, text), type: 'custom' as const })

async function openCustom(name: string) {
  const ran: string[] = []
  const tool = {
    type: 'custom' as const,
    name,
    function: (input: string) => `number ${ran.push(input)}`,
  }
  const world = await openWorld({ tools: [tool] })
  return { ...world, ran }
}

const ends = [
  ['tool_calls', true],
  ['stop', true],
  ['length', false],
  ['content_filter', false],
  [null, false], // as in what there is of a stream that broke off
] as const

test.each(ends)(
  'a custom call of a completion that ended with %s runs: %s',
  async (reason, runs) => {
    const { guard, ran } = await openCustom('allowed_sql')
    const { message, messages, completion } = await conversation([custom('allowed_sql')])
    const given = copy(completion)
    for (const choice of given.choices) choice.finish_reason = reason as 'stop'
    const { messages: answers } = await guard.executeToolCalls(message, {
      messages,
      completion: given,
    })
    expect(ran).toEqual(runs ? [text] : [])
    const content = runs ? 'number 1' : expect.stringContaining('were cut off before their end')
    expect(answers).toMatchObject([{ content }])
  },
)

test('a custom call does not run on the completion of another message', async () => {
  const { guard, ran } = await openCustom('allowed_sql')
  const { message, messages, completion } = await conversation([custom('allowed_sql')])
  const given = copy(completion)
  for (const choice of given.choices) {
    const [first] = choice.message.tool_calls ?? []
    if (first !== undefined) first.id = 'another'
  }
  const { messages: answers } = await guard.executeToolCalls(message, {
    messages,
    completion: given,
  })
  expect(ran).toEqual([])
  expect(answers).toHaveLength(1)
})

const statuses: [NonNullable<Response['status']>, boolean][] = [
  ['completed', true],
  ['incomplete', false],
  ['failed', false],
  ['cancelled', false],
]

test.each(statuses)('a custom call of a response that is %s runs: %s', async (status, runs) => {
  const { guard, ran } = await openCustom('allowed_sql')
  const { response } = await respond([custom('allowed_sql')])
  const { id, output } = copy(response)
  const { items } = await guard.executeOutput({ id, output, ...(status && { status }) })
  expect(ran).toEqual(runs ? [text] : [])
  expect(items).toHaveLength(1)
})

test.each(statuses)(
  'a function call, and a hosted one, of a response that is %s run: %s',
  async (status, runs) => {
    const { guard, amounts, lelu } = await openWorld()
    const hosted = { ...call('m', 'allowed_read', '{"path":"/a"}'), type: 'mcp' as const }
    const { response } = await respond([call('a', 'allowed'), call('r', 'reviewed'), hosted])
    const { id, output } = copy(response)
    const { items, pending } = await guard.executeOutput({ id, output, ...(status && { status }) })
    expect(amounts()).toEqual(runs ? [5] : [])
    const cut = expect.stringContaining('were cut off before their end')
    const expected = [{ output: cut }, { output: cut }, { approve: false, reason: cut }]
    expect(items).toMatchObject(runs ? [{ output: 'allowed did 5' }, { approve: true }] : expected)
    expect(pending).toHaveLength(runs ? 1 : 0)
    expect((await lelu.approvals.list()).approvals).toHaveLength(runs ? 1 : 0)
  },
)

test.each(['queued', 'in_progress'] as const)(
  'a response that is %s runs nothing, and the developer is told to retrieve it until it has ended',
  async (status) => {
    const { guard, amounts, lelu } = await openWorld()
    const { response } = await respond([call('a', 'allowed'), call('r', 'reviewed')])
    const { id, output } = copy(response)
    for (const begun of [[], output.slice(0, 1), output]) {
      await expect(guard.executeOutput({ id, output: begun, status })).rejects.toMatchObject({
        code: 'LELU_CALL_INVALID',
        message: expect.stringContaining(`\`${status}\``),
        help: expect.stringContaining('until it is `completed`'),
      })
    }
    expect(amounts()).toEqual([])
    expect((await lelu.approvals.list()).approvals).toEqual([])
    const { items, pending } = await guard.executeOutput({ id, output, status: 'completed' })
    expect([items, pending]).toMatchObject([[{ output: 'allowed did 5' }], [{ toolCallId: 'r' }]])
  },
)

test('a response that is left behind before it has ended is answered all the same', async () => {
  const { guard, amounts } = await openWorld()
  const { response, items: input } = await respond([call('a', 'allowed'), call('r', 'reviewed')])
  const { id, output } = copy(response)
  const cancelled = await guard.cancelOutput({ id, output, status: 'in_progress' }, { input })
  expect(cancelled).toMatchObject([{ call_id: 'a' }, { call_id: 'r' }])
  expect(amounts()).toEqual([])
})

test('of a response without a status, function calls and hosted ones run as before', async () => {
  const { guard, amounts } = await openWorld()
  const hosted = { ...call('m', 'allowed_read', '{"path":"/a"}'), type: 'mcp' as const }
  const { response } = await respond([call('a', 'allowed'), hosted])
  const { id, output } = copy(response)
  const { items } = await guard.executeOutput({ id, output })
  expect(amounts()).toEqual([5])
  expect(items).toMatchObject([{ output: 'allowed did 5' }, { approve: true }])
})

test('a custom call that says itself that it is complete runs', async () => {
  const { guard, ran } = await openCustom('allowed_sql')
  const { response } = await respond([custom('allowed_sql')])
  const output = response.output.map((item) => ({ ...item, status: 'completed' as const }))
  await guard.executeOutput({ id: response.id, output: output as Response['output'] })
  expect(ran).toEqual([text])
})

test('a custom call of which nothing says that it is complete does not run, and the developer is told', async () => {
  const { guard, ran } = await openCustom('allowed_sql')
  const { response } = await respond([custom('allowed_sql')])
  const { id, output, status } = copy(response)
  await expect(guard.executeOutput({ id, output })).rejects.toMatchObject({
    code: 'LELU_CALL_INVALID',
    message: expect.stringContaining('allowed_sql was not run'),
  })
  expect(ran).toEqual([])
  await guard.executeOutput({ id, output, ...(status && { status }) })
  expect(ran).toEqual([text])
})

test('a custom call that is on record goes on without a status: it was complete when it was decided', async () => {
  const { guard, make, lelu, ran } = await openCustom('reviewed_sql')
  const { response } = await respond([custom('reviewed_sql')])
  const { pending } = await guard.executeOutput(response)
  await lelu.approvals.review(pending[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  const { id, output } = copy(response)
  const { items } = await make().executeOutput({ id, output })
  expect(items).toMatchObject([{ output: 'number 1' }])
  expect(ran).toEqual([text])
})
