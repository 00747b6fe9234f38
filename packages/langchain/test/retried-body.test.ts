import type { AIMessage } from '@langchain/core/messages'
import { isGraphBubbleUp, MemorySaver, MessagesAnnotation, StateGraph } from '@langchain/langgraph'
import { type createMiddleware, toolRetryMiddleware } from 'langchain'
import { expect, test } from 'vitest'
import { leluMiddleware } from '../src/index.ts'
import { type Body, guardedBy, toolOf } from './bodies.ts'
import {
  agentOf,
  answering,
  approved,
  ask,
  calling,
  config,
  createTools,
  openLelu,
  subject,
  toolMessages,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>
/** A body that fails once, behind the first of its two calls. */
function flakyBody(lelu: Lelu) {
  const { tools, ran } = createTools()
  const reviewed = guardedBy(lelu, tools[1])
  let failures = 1
  const body: Body = async (runtime) => {
    const { text } = await reviewed.invoke({ amount: 1 }, runtime)
    failures -= 1
    if (failures === 0) throw new Error('The body failed.')
    return `${text}, ${(await reviewed.invoke({ amount: 2 }, runtime)).text}`
  }
  return { helper: toolOf('allowed_helper', body), ran }
}

const answer = () => calling({ id: 'outer', name: 'allowed_helper' })
type Helper = ReturnType<typeof toolOf>

/** A node that calls the tool by itself, and that LangGraph tries again. */
function retriedNode(helper: Helper) {
  const retryPolicy = { maxAttempts: 2, initialInterval: 1, jitter: false, logWarning: false }
  return new StateGraph(MessagesAnnotation)
    .addNode('model', () => ({ messages: [answer()] }))
    .addNode(
      'tools',
      async ({ messages }, given) => {
        const [call] = (messages.at(-1) as AIMessage).tool_calls ?? []
        return { messages: [await helper.invoke({ ...call, type: 'tool_call' } as never, given)] }
      },
      { retryPolicy },
    )
    .addEdge('__start__', 'model')
    .addEdge('model', 'tools')
    .compile({ checkpointer: new MemorySaver() })
}

function retriedAgent(helper: Helper, lelu: Lelu) {
  const retryOn = (error: Error) => !isGraphBubbleUp(error)
  const retry = toolRetryMiddleware({ initialDelayMs: 1, onFailure: 'error', retryOn })
  return agentOf({
    model: answering(answer()),
    tools: [helper],
    middleware: [
      retry as ReturnType<typeof createMiddleware>,
      leluMiddleware({ lelu, subject, toolErrors: 'throw' }),
    ],
  })
}

test.each(['retryPolicy', 'toolRetryMiddleware'] as const)(
  'a body that runs again by %s finds what was approved in it, and each call of it runs once',
  async (how) => {
    const lelu = await openLelu()
    const { helper, ran } = flakyBody(lelu)
    const graph = how === 'retryPolicy' ? retriedNode(helper) : retriedAgent(helper, lelu)
    const run = (input: unknown) => graph.invoke(input as never, config)
    let result = await run(ask)
    for (const _call of ['the first', 'the second']) result = await approved(lelu, result, run)
    expect(toolMessages(result as never).outer?.text).toBe('reviewed did 1, reviewed did 2')
    expect(ran).toHaveLength(2)
    expect((await lelu.approvals.list()).approvals).toHaveLength(2)
  },
)

test('the same call in two bodies of one body is two calls', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const reviewed = guardedBy(lelu, tools[1])
  const middle = guardedBy(
    lelu,
    toolOf(
      'allowed_middle',
      async (runtime) => (await reviewed.invoke({ amount: 1 }, runtime)).text,
    ),
  )
  const graph = retriedNode(
    toolOf('allowed_helper', async (runtime) => {
      const texts: string[] = []
      for (const amount of [1, 2]) texts.push((await middle.invoke({ amount }, runtime)).text)
      return texts.join()
    }),
  )
  const run = (input: unknown) => graph.invoke(input as never, config)
  let result = await run(ask)
  for (const _call of ['the first', 'the second']) result = await approved(lelu, result, run)
  expect(toolMessages(result as never).outer?.text).toBe('reviewed did 1,reviewed did 1')
  expect(ran).toHaveLength(2)
})
