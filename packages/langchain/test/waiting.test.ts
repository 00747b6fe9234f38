import { AIMessage, createAgent, fakeModel } from 'langchain'
import { expect, test } from 'vitest'
import { guardTools, leluMiddleware, type MiddlewareOptions } from '../src/index.ts'
import { ask, calling, createTools, openLelu, reviewer, subject, toolMessages } from './support.ts'

type Lelu = MiddlewareOptions['lelu']

const options = { subject, mode: 'wait', run: () => 'job-1' } as const

/** An agent without a checkpointer: a call can wait in its run alone. */
function agentOf(lelu: Lelu, place: 'the middleware' | 'guardTool', waitMs = 20) {
  const { tools, ran } = createTools()
  const guard = { ...options, waitMs, lelu }
  const agent = createAgent({
    model: fakeModel()
      .respond(calling({ name: 'reviewed' }))
      .respond(new AIMessage('Finished.')),
    tools: place === 'guardTool' ? guardTools(tools, guard) : tools,
    middleware: place === 'guardTool' ? [] : [leluMiddleware(guard)],
  })
  return { agent, ran }
}

test.each(['the middleware', 'guardTool'] as const)(
  'under %s an approval that nobody decided in time is cancelled where no thread could wait for it',
  async (place) => {
    const lelu = await openLelu()
    const { agent, ran } = agentOf(lelu, place)
    const { text } = toolMessages(await agent.invoke(ask)).call_0 ?? {}
    expect(text).toContain('nobody decided in time')
    expect(text).not.toContain('goes on by itself')
    const [approval] = (await lelu.approvals.list()).approvals
    expect(approval?.state).toBe('cancelled')
    expect(ran).toEqual([])
  },
)

test.each(['the middleware', 'guardTool'] as const)(
  'under %s an approval is cancelled whose run was aborted, where no thread could wait for it',
  async (place) => {
    const lelu = await openLelu()
    const waits = Promise.withResolvers<void>()
    const wait: typeof lelu.approvals.wait = (...given) => {
      waits.resolve()
      return lelu.approvals.wait(...given)
    }
    const heard = { ...lelu, approvals: { ...lelu.approvals, wait } }
    const { agent, ran } = agentOf(heard, place, 30_000)
    const control = new AbortController()
    const run = agent.invoke(ask, { signal: control.signal })
    await waits.promise
    control.abort()
    await expect(run).rejects.toThrow('aborted')
    const state = async () => (await lelu.approvals.list()).approvals[0]?.state
    await expect.poll(state, { timeout: 30_000 }).toBe('cancelled')
    expect(ran).toEqual([])
  },
)

test('a denial that comes as the wait ends is what the model reads', async () => {
  const lelu = await openLelu()
  const cancel: typeof lelu.approvals.cancel = async (id, given) => {
    await lelu.approvals.review(id, { verdict: 'deny', reviewer })
    return lelu.approvals.cancel(id, given)
  }
  const approvals = { ...lelu.approvals, cancel }
  const { agent, ran } = agentOf({ ...lelu, approvals }, 'the middleware')
  expect(toolMessages(await agent.invoke(ask)).call_0?.text).toContain(
    'A reviewer denied this call',
  )
  expect(ran).toEqual([])
})
