import { leftBehindText } from '@lelu/engine/adapter'
import { tool, type UIMessage } from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ask, post, type Shown, toolPart } from './chat-server.ts'
import { scriptedModel } from './scripted-model.ts'
import { approveAll, guardWith, openLelu, reviewer } from './support.ts'

function createTools() {
  const ran: unknown[] = []
  const make = () =>
    tool({
      inputSchema: z.object({ amount: z.coerce.number(), note: z.string().default('none') }),
      execute(input) {
        ran.push(input)
        return { did: input.amount }
      },
    })
  return { tools: { allowed: make(), reviewed: make() }, ran }
}

const calls = (...names: string[]) =>
  names.map((name) => ({ id: name, tool: name, input: { amount: '5' } }))

test('a chat waits in the browser, and goes on when somebody has decided', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const first = await post(guard, tools, [ask], scriptedModel([calls('allowed', 'reviewed')]))
  expect(toolPart(first.chat, 'allowed')).toMatchObject({ state: 'output-available' })
  expect(toolPart(first.chat, 'reviewed')).toMatchObject({ state: 'approval-requested' })

  // The user presses "approve" without being one who may: nothing moves.
  const pressed: UIMessage[] = JSON.parse(
    JSON.stringify(first.chat).replace('"approval-requested"', '"approval-responded"'),
  )
  Object.assign((toolPart(pressed, 'reviewed') as { approval?: object }).approval ?? {}, {
    approved: true,
  })
  expect((await post(guard, tools, pressed)).ready).toBe(false)
  expect(ran).toHaveLength(1)

  await approveAll(lelu)
  const done = await post(guard, tools, pressed)
  expect(toolPart(done.chat, 'reviewed')).toMatchObject({
    state: 'output-available',
    output: { did: 5 },
  })
  expect(done.chat.at(-1)?.parts.at(-1)).toMatchObject({ type: 'text', text: 'Finished.' })
  expect(ran).toEqual([
    { amount: 5, note: 'none' },
    { amount: 5, note: 'none' },
  ])
  // The chat goes on, with the decided call in its history.
  const next = await post(guard, tools, [...done.chat, { ...ask, id: 'u2' }])
  expect(next.ready).toBe(true)
  expect(ran).toHaveLength(2)
})

test('a denied call is shown as denied, and one that was left behind is cancelled', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const first = await post(guard, tools, [ask], scriptedModel([calls('reviewed')]))
  const [{ id = '' } = {}] = (await lelu.approvals.list()).approvals
  await lelu.approvals.review(id, { verdict: 'deny', reviewer, reason: 'Not now' })
  const denied = await post(guard, tools, first.chat)
  expect(toolPart(denied.chat, 'reviewed')).toMatchObject({ state: 'output-denied' })

  const again = [{ id: 'second', tool: 'reviewed', input: { amount: '6' } }]
  const second = await post(guard, tools, [ask], scriptedModel([again]))
  const left = await post(guard, tools, [...second.chat, { ...ask, id: 'u2' }])
  expect(left.ready).toBe(true)
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ state }) => state)).toEqual(['denied', 'cancelled'])
  expect(ran).toEqual([])
})

test('calls of a chat that were left behind keep their place, and are closed in each state', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools } = createTools()
  // A provider that reuses ids: the second call of the same id is a call of its own.
  const step = (amount: string) => [[{ id: 'call_0', tool: 'reviewed', input: { amount } }]]
  const first = await post(guard, tools, [ask], scriptedModel(step('1')))
  const chat = await guard.cancelAbandoned([...first.chat, { ...ask, id: 'u2' }])
  expect(toolPart(chat, 'reviewed')).toMatchObject({
    state: 'output-denied',
    approval: { approved: false, reason: leftBehindText },
  })
  const second = await post(guard, tools, chat, scriptedModel(step('2')))
  expect(second.ready).toBe(true)
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ request, state }) => [request.call.id, state])).toEqual([
    ['call_0#0', 'cancelled'],
    ['call_0#1', 'pending'],
  ])
  // At the end of a chat a call goes on waiting, and pressed buttons leave nothing open.
  expect(await guard.cancelAbandoned(second.chat)).toEqual(second.chat)
  const pressed: UIMessage[] = JSON.parse(
    JSON.stringify(second.chat).replace('"approval-requested"', '"approval-responded"'),
  )
  const [, , , answer] = pressed
  const part = answer?.parts.find(({ type }) => type === 'tool-reviewed') as Shown & {
    approval: object
  }
  Object.assign(part.approval, { approved: true })
  const closed = await guard.cancelAbandoned([...pressed, { ...ask, id: 'u3' }])
  expect(JSON.stringify(closed)).not.toContain('"approval-responded"')
  expect((await lelu.approvals.list({ state: 'pending' })).approvals).toEqual([])
})

test('what the user declines in the browser is cancelled, and the model reads why', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools, ran } = createTools()
  const first = await post(guard, tools, [ask], scriptedModel([calls('reviewed')]))
  const part = toolPart(first.chat, 'reviewed') as Shown & { approval: object }
  part.state = 'approval-responded'
  Object.assign(part.approval, { approved: false, reason: 'No, thanks.' })
  const next = await post(guard, tools, first.chat)
  expect(next.ready).toBe(true)
  expect(toolPart(next.chat, 'reviewed')).toMatchObject({ state: 'output-denied' })
  const [approval] = (await lelu.approvals.list()).approvals
  expect(approval).toMatchObject({
    state: 'cancelled',
    reason: { message: 'The call was cancelled: the user declined it' },
  })
  expect(ran).toEqual([])
})

test('what waits in a message that is dropped to be made anew is cancelled as the README says', async () => {
  const lelu = await openLelu()
  const guard = guardWith(lelu)
  const { tools } = createTools()
  const { stored } = await post(guard, tools, [ask], scriptedModel([calls('reviewed')]))
  await guard.cancelAbandoned([...stored, { id: 'none', role: 'user', parts: [] }])
  const anew = [{ id: 'anew', tool: 'reviewed', input: { amount: '5' } }]
  await post(guard, tools, [ask], scriptedModel([anew]))
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map(({ request, state }) => [request.call.id, state])).toEqual([
    ['reviewed#0', 'cancelled'],
    ['anew#0', 'pending'],
  ])
})

test('what the provider runs itself is left as it is in a chat', async () => {
  const guard = guardWith(await openLelu())
  const part = {
    type: 'dynamic-tool',
    toolName: 'mcp',
    toolCallId: 'p',
    state: 'approval-requested',
    input: {},
    providerExecuted: true,
    approval: { id: 'sdk-1' },
  }
  const chat = [
    ask,
    { id: 'a1', role: 'assistant', parts: [part] },
    { ...ask, id: 'u2' },
  ] as UIMessage[]
  expect(await guard.cancelAbandoned(chat)).toEqual(chat)
})
