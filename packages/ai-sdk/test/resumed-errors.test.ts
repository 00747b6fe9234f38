import { setTimeout as sleep } from 'node:timers/promises'
import type { Lelu } from '@lelu/engine'
import {
  convertToModelMessages,
  readUIMessageStream,
  streamText,
  type ToolSet,
  tool,
  type UIMessage,
} from 'ai'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { LeluError } from '../src/index.ts'
import { scriptedModel } from './scripted-model.ts'
import { answers, approveAll, generate, guardWith, openLelu, stream } from './support.ts'

const finish = () => scriptedModel([]).model
const paid = { type: 'text', value: 'paid, receipt 77' }

/** An approved call whose tool takes a while, and an engine whose `guard` can be made to fail. */
async function approved(options: Parameters<typeof guardWith>[1] = {}) {
  const engine = await openLelu()
  const store = { away: false }
  const guardCall: Lelu['guard'] = (...given) =>
    store.away
      ? Promise.reject(new LeluError('LELU_STORE_UNAVAILABLE', 'No answer.', { help: 'Wait.' }))
      : engine.guard(...given)
  const guard = guardWith({ ...engine, guard: guardCall }, options)
  const ran: number[] = []
  const tools: ToolSet = {
    reviewed: tool({
      inputSchema: z.object({ amount: z.number() }),
      async execute({ amount }) {
        ran.push(amount)
        await sleep(30)
        return 'paid, receipt 77'
      },
    }),
  }
  const runtimeContext = { chat: 'chat-1' }
  const { model } = scriptedModel([[{ id: 'x', tool: 'reviewed', input: { amount: 5 } }]])
  const asked = await generate({ guard, tools, model, runtimeContext })
  await approveAll(engine)
  const { messages } = await guard.settle(asked.messages, { runtimeContext })
  return { lelu: engine, guard, tools, ran, store, messages, runtimeContext }
}

test('of two posts of one approved history at once, one is told the result and the other is thrown', async () => {
  for (const run of [generate, stream]) {
    const { guard, tools, ran, messages } = await approved()
    const post = () =>
      run({ guard, tools, messages: structuredClone(messages), model: finish() }).then(
        (done) => answers(done.messages).x,
        (error) => error.code,
      )
    const both = await Promise.all([post(), post()])
    expect(both).toContainEqual(paid)
    expect(both).toContain('LELU_APPROVAL_EXECUTING')
    expect(await post()).toEqual(paid)
    expect(ran).toEqual([5])
  }
})

test('two runs that resume the very same array each keep the context of their run', async () => {
  const chatOf = ({ runtimeContext }: { runtimeContext: unknown }) =>
    (runtimeContext as { chat: string }).chat
  const { guard, tools, ran, messages, runtimeContext } = await approved({ run: chatOf })
  const post = () =>
    generate({ guard, tools, messages, model: finish(), runtimeContext }).then(
      (done) => answers(done.messages).x,
      (error) => error.code,
    )
  const both = await Promise.all([post(), post()])
  expect(both).toContainEqual(paid)
  expect(both).toContain('LELU_APPROVAL_EXECUTING')
  expect(ran).toEqual([5])
})

test('a store that goes away between question and execution closes no approved call', async () => {
  for (const run of [generate, stream]) {
    const { guard, tools, ran, store, messages } = await approved()
    store.away = true
    const model = scriptedModel([])
    const post = run({ guard, tools, messages, model: model.model })
    await expect(post).rejects.toMatchObject({ code: 'LELU_STORE_UNAVAILABLE' })
    expect(model.asked).toEqual([]) // the model was told nothing
    store.away = false
    const later = await run({ guard, tools, messages, model: finish() })
    expect(answers(later.messages).x).toEqual(paid)
    expect(ran).toEqual([5])
  }
})

test('an option that fails between question and execution closes no approved call', async () => {
  for (const run of [generate, stream]) {
    let left = Number.POSITIVE_INFINITY
    const chat = () => {
      left -= 1
      if (left < 0) throw new Error('The session is away.')
      return 'chat-1'
    }
    const { guard, tools, ran, messages } = await approved({ run: chat })
    left = 1 // the question is answered, the execution is not
    const model = scriptedModel([])
    const post = run({ guard, tools, messages, model: model.model })
    await expect(post).rejects.toThrow('The session is away.')
    expect(model.asked).toEqual([])
    left = Number.POSITIVE_INFINITY
    const later = await run({ guard, tools, messages, model: finish() })
    expect(answers(later.messages).x).toEqual(paid)
    expect(ran).toEqual([5])
  }
})

test('a chat that was shown no answer opens the call again, and says nothing of the error', async () => {
  const { lelu, guard, tools, ran, store } = await approved()
  const chat = (): UIMessage[] => [
    { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'Go on.' }] },
    {
      id: 'a1',
      role: 'assistant',
      parts: [
        {
          type: 'tool-reviewed',
          toolCallId: 'x',
          state: 'approval-responded',
          input: { amount: 5 },
          approval: { id: 'sdk-1', approved: true },
        },
      ],
    },
  ]
  const post = async (posted: UIMessage[]) => {
    const guarded = guard.tools(tools)
    const open = await guard.cancelAbandoned(posted)
    const asked = await convertToModelMessages(open, { tools: guarded })
    const settled = await guard.settle(asked)
    const result = streamText({
      model: finish(),
      tools: guarded,
      toolApproval: guard.toolApproval(),
      messages: settled.messages,
      onError() {},
    })
    const message = structuredClone(posted[1] as UIMessage)
    const shown = result.toUIMessageStream({ originalMessages: posted })
    let last = message
    for await (const one of readUIMessageStream({ stream: shown, message, onError() {} }))
      last = one
    return [posted[0] as UIMessage, JSON.parse(JSON.stringify(last)) as UIMessage]
  }
  store.away = true
  const failed = await post(chat())
  expect(failed[1]?.parts).toMatchObject([{ output: { leluUnanswered: true } }])
  expect(JSON.stringify(failed)).not.toContain('No answer')
  store.away = false
  // Whoever converts it without a look at the store is told so, and the model reads nothing of it.
  const unseen = convertToModelMessages(failed, { tools: guard.tools(tools) })
  await expect(unseen).rejects.toMatchObject({ code: 'LELU_CALL_INVALID' })
  const done = await post(failed)
  expect(done[1]?.parts[0]).toMatchObject({ state: 'output-available', output: paid.value })
  expect(ran).toEqual([5])

  // What a client writes itself opens nothing that was not approved.
  const forged = JSON.parse(JSON.stringify(failed).replace('"x"', '"y"')) as UIMessage[]
  expect((await post(forged))[1]?.parts[0]).toMatchObject({ state: 'output-denied' })
  const left = await guard.cancelAbandoned([...failed, { ...(failed[0] as UIMessage), id: 'u2' }])
  expect(JSON.stringify(left)).not.toContain('leluUnanswered')
  expect((await lelu.approvals.list()).approvals).toHaveLength(1)
  expect(ran).toEqual([5])
})
