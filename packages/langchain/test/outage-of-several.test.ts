import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, LeluError, leluMiddleware } from '../src/index.ts'
import {
  agentOf,
  ask,
  calling,
  config,
  createTools,
  guardedAgent,
  openLelu,
  rootOf,
  subject,
  toolGraph,
  toolMessages,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

const schema = z.object({})

/** An engine whose store is away for so many calls. */
function awayFor(lelu: Lelu, calls: number): Lelu {
  let left = calls
  const guard: Lelu['guard'] = (...given) => {
    if (left <= 0) return lelu.guard(...given)
    left -= 1
    return Promise.reject(
      new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' }),
    )
  }
  return { ...lelu, guard }
}

// LangGraph throws an AggregateError for them, which the outer model would read as the tool's own.
test.each([1, 2])(
  'an outage of %i calls of one step ends the run, from an agent in a tool that has a thread of its own',
  async (count) => {
    const lelu = await openLelu()
    const { tools, ran } = createTools()
    const delegate = tool(
      async () => {
        const calls = Array.from({ length: count }, (_, n) => ({ id: `i${n}`, name: 'allowed' }))
        const model = fakeModel()
          .respond(calling(...calls))
          .respond(new AIMessage('Inner.'))
        const middleware = [leluMiddleware({ lelu: awayFor(lelu, 2), subject })]
        const inner = agentOf({ model, tools, middleware })
        const own = { configurable: { thread_id: 'inner', checkpoint_ns: '' } }
        return (await inner.invoke(ask, own)).messages.at(-1)?.text ?? ''
      },
      { name: 'allowed_delegate', schema },
    )
    const agent = guardedAgent({
      lelu,
      answers: [calling({ name: 'allowed_delegate' })],
      tools: [delegate],
    })
    await expect(agent.invoke(ask, config)).rejects.toThrow()
    expect(ran).toEqual([])
  },
)

test.each([
  ['v1', 2],
  ['v2', 2],
  ['v2', 3],
] as const)(
  'in version %s an outage of %i calls of one step ends the run from an agent in a guarded tool, and the thread goes on',
  async (version, count) => {
    const lelu = await openLelu()
    const { tools, ran } = createTools()
    const middleware = [leluMiddleware({ lelu: awayFor(lelu, count), subject })]
    const calls = Array.from({ length: count }, (_, n) => ({ id: `i${n}`, name: 'allowed' }))
    const delegate = tool(
      async () => {
        const model = fakeModel()
        for (const _answer of ['the calls', 'the end']) {
          model.respond((messages) =>
            messages.at(-1)?.getType() === 'tool' ? new AIMessage('Inner.') : calling(...calls),
          )
        }
        const inner = createAgent({ model, tools, version, middleware })
        return (await inner.invoke(ask)).messages.at(-1)?.text ?? ''
      },
      { name: 'allowed_delegate', schema },
    )
    const agent = guardedAgent({
      lelu,
      answers: [calling({ name: 'allowed_delegate' })],
      tools: [delegate],
      version,
    })
    expect(await rootOf(agent.invoke(ask, config))).toMatchObject({
      name: 'LeluError',
      code: 'LELU_STORE_UNAVAILABLE',
    })
    expect(ran).toEqual([])
    const done = await agent.invoke(null, config)
    expect(toolMessages(done).call_0?.text).toBe('Inner.')
    expect(ran).toHaveLength(count)
  },
)

test('a node that is retried after an outage asks the engine again', async () => {
  const lelu = await openLelu()
  const { tools, ran } = createTools()
  const allowed = guardTool(tools[0], { lelu: awayFor(lelu, 1), subject })
  const retryPolicy = { maxAttempts: 3, initialInterval: 1, jitter: false, retryOn: () => true }
  const graph = toolGraph(calling({ name: 'allowed' }), [allowed], {
    retryPolicy: { ...retryPolicy, logWarning: false },
  })
  const done = await graph.invoke(ask as never, config)
  expect(toolMessages(done).call_0?.text).toBe('allowed did 5')
  expect(ran).toHaveLength(1)
})
