import { HumanMessage, RemoveMessage, ToolMessage } from '@langchain/core/messages'
import { isGraphBubbleUp, REMOVE_ALL_MESSAGES } from '@langchain/langgraph'
import { AIMessage, createMiddleware, fakeModel, tool, toolRetryMiddleware } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { leluMiddleware, type MiddlewareOptions, pendingApprovals, resume } from '../src/index.ts'
import {
  agentOf,
  agentWith,
  approve,
  ask,
  calling,
  config,
  createTools,
  openLelu,
  reviewer,
  subject,
  toolMessages,
  waitingId,
} from './support.ts'

type Middleware = ReturnType<typeof createMiddleware>

/** An agent whose model asks for one reviewed call, with this middleware before ours. */
function agentBehind(
  lelu: MiddlewareOptions['lelu'],
  before: unknown,
  version: 'v1' | 'v2' = 'v2',
) {
  const { tools, ran } = createTools()
  const model = fakeModel()
    .respond(calling({ id: 'r', name: 'reviewed' }))
    .respond(new AIMessage('Finished.'))
  const agent = agentOf({
    model,
    tools,
    version,
    middleware: [before as Middleware, leluMiddleware({ lelu, subject, toolErrors: 'throw' })],
  })
  return { agent, ran }
}

const handMade = new ToolMessage({ content: 'The user went on.', tool_call_id: 'r' })
const goOn = { messages: [handMade, new HumanMessage('Never mind.')] }

test.each(['v1', 'v2'] as const)(
  'the approval of a call whose interrupt a retry took for an error is cancelled (%s)',
  async (version) => {
    const lelu = await openLelu()
    const { agent, ran } = agentBehind(lelu, toolRetryMiddleware({ initialDelayMs: 1 }), version)
    const result = await agent.invoke(ask, config)
    expect(toolMessages(result).r?.status).toBe('error')
    const [approval] = (await lelu.approvals.list()).approvals
    expect(approval?.state).toBe('cancelled')
    expect(ran).toEqual([])
  },
)

test.each(['v1', 'v2'] as const)(
  'a retry that lets interrupts pass suspends the call, which runs once when it is approved (%s)',
  async (version) => {
    const lelu = await openLelu()
    let tries = 0
    const retryOn = (error: Error) => {
      tries += 1
      return !isGraphBubbleUp(error)
    }
    const retry = toolRetryMiddleware({ initialDelayMs: 1, onFailure: 'error', retryOn })
    const { agent, ran } = agentBehind(lelu, retry, version)
    const result = await agent.invoke(ask, config)
    expect(tries).toBe(1)
    await approve(lelu, result)
    const command = await resume({ result, lelu })
    const done = await agent.invoke(command as NonNullable<typeof command>, config)
    expect(toolMessages(done).r?.text).toBe('reviewed did 5')
    expect(ran).toHaveLength(1)
  },
)

test('the approval of a call that an app answers by hand, as its user goes on, is cancelled', async () => {
  const lelu = await openLelu()
  const { agent } = agentWith({ lelu, answers: [calling({ id: 'r', name: 'reviewed' })] })
  const id = waitingId(await agent.invoke(ask, config))
  await agent.invoke(goOn, config)
  expect((await lelu.approvals.get(id)).state).toBe('cancelled')
})

test.each(['v1', 'v2'] as const)(
  'the approval of a call that an app answers by hand is cancelled when the run goes on (%s)',
  async (version) => {
    const lelu = await openLelu()
    const answers = [calling({ id: 'r', name: 'reviewed' })]
    const { agent } = agentWith({ lelu, answers, version })
    const id = waitingId(await agent.invoke(ask, config))
    await agent.graph.updateState(config, { messages: [handMade] }, 'tools')
    await agent.invoke(null, config)
    expect((await lelu.approvals.get(id)).state).toBe('cancelled')
  },
)

test('the approval of a call that middleware answers, as the user goes on, is cancelled', async () => {
  const lelu = await openLelu()
  const patch = createMiddleware({
    name: 'Patch',
    beforeAgent({ messages }) {
      const patched = messages.flatMap((message) =>
        AIMessage.isInstance(message) && message.tool_calls?.length ? [message, handMade] : message,
      )
      return { messages: [new RemoveMessage({ id: REMOVE_ALL_MESSAGES }), ...patched] }
    },
  })
  const { agent } = agentBehind(lelu, patch)
  const id = waitingId(await agent.invoke(ask, config))
  await agent.invoke({ messages: [new HumanMessage('Never mind.')] }, config)
  expect((await lelu.approvals.get(id)).state).toBe('cancelled')
})

test('a call that was edited in the thread under its old ids does not run, and its approval is cancelled', async () => {
  const lelu = await openLelu()
  const { agent, ran } = agentWith({ lelu, answers: [calling({ id: 'r', name: 'reviewed' })] })
  const first = await agent.invoke(ask, config)
  const id = waitingId(first)
  const edited = new AIMessage({
    content: '',
    tool_calls: [{ id: 'r', name: 'reviewed', args: { amount: 77 } }],
    id: first.messages.at(-1)?.id ?? '',
  })
  await agent.graph.updateState(config, { messages: [edited] }, 'model_request')
  const done = await agent.invoke(null, config)
  expect(toolMessages(done).r?.status).toBe('error')
  expect(pendingApprovals(done)).toEqual([])
  expect((await lelu.approvals.get(id)).state).toBe('cancelled')
  expect(ran).toEqual([])
})

test('an approved call that runs at this moment is left to finish', async () => {
  const lelu = await openLelu()
  const [started, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const slow = tool(
    async () => {
      started.resolve()
      await finish.promise
      return 'did it'
    },
    { name: 'reviewed', schema: z.object({}) },
  )
  const model = fakeModel().respond(calling({ id: 'r', name: 'reviewed', args: {} }))
  for (const _answer of [1, 2]) model.respond(new AIMessage('Finished.'))
  const agent = agentOf({ model, tools: [slow], middleware: [leluMiddleware({ lelu, subject })] })
  const result = await agent.invoke(ask, config)
  const id = waitingId(result)
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  const command = await resume({ result, lelu })
  const running = agent.invoke(command as NonNullable<typeof command>, config)
  await started.promise
  await agent.invoke(goOn, config)
  expect((await lelu.approvals.get(id)).state).toBe('executing')
  finish.resolve()
  await running
  expect((await lelu.approvals.get(id)).state).toBe('completed')
})

test('the store is asked about no call of a step that went well', async () => {
  const lelu = await openLelu()
  let asked = 0
  const find: typeof lelu.approvals.find = (call) => {
    asked += 1
    return lelu.approvals.find(call)
  }
  const heard = { ...lelu, approvals: { ...lelu.approvals, find } }
  const answers = [calling({ id: 'a', name: 'allowed' }), new AIMessage('Done.')]
  const { agent, runsOf } = agentWith({ lelu: heard, answers })
  await agent.invoke(ask, config)
  await agent.invoke(ask, config)
  expect(runsOf('allowed')).toBe(1)
  expect(asked).toBe(0)
})
