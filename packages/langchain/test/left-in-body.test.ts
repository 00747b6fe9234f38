import { MemorySaver } from '@langchain/langgraph'
import { createAgent, fakeModel } from 'langchain'
import { expect, test } from 'vitest'
import { leluMiddleware, pendingApprovals } from '../src/index.ts'
import { type Body, guardedBy, runOf, toolOf } from './bodies.ts'
import {
  answering,
  approved,
  ask,
  calling,
  createTools,
  openLelu,
  subject,
  toolMessages,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>

const reviewedBy = (lelu: Lelu) => guardedBy(lelu, createTools().tools[1])

const statesOf = async (lelu: Lelu) =>
  (await lelu.approvals.list()).approvals.map(({ state }) => state)

const places = ['middleware', 'guardTool'] as const

test.each(places)(
  'the approval of a call is cancelled whose interrupt its tool has made an error of (%s)',
  async (where) => {
    const lelu = await openLelu()
    const reviewed = reviewedBy(lelu)
    const body: Body = (runtime) =>
      reviewed.invoke({ amount: 1 }, runtime).then(
        ({ text }) => text,
        (cause) => {
          throw new Error('The helper failed.', { cause })
        },
      )
    const done = await runOf(lelu, toolOf('allowed_outer', body), where)(ask)
    expect(toolMessages(done).outer?.text).toContain('The helper failed.')
    expect(await statesOf(lelu)).toEqual(['cancelled'])
  },
)

test.each(places)(
  'what waits in a tool that fails as its run is aborted can still be approved, and runs (%s)',
  async (where) => {
    const lelu = await openLelu()
    const control = new AbortController()
    const reviewed = reviewedBy(lelu)
    let left = 1
    const body: Body = async (runtime) => {
      try {
        return (await reviewed.invoke({ amount: 1 }, runtime)).text
      } catch (error) {
        if (left-- <= 0) throw error
        control.abort()
        throw new Error('The helper was stopped.')
      }
    }
    const run = runOf(lelu, toolOf('allowed_outer', body), where)
    await expect(run(ask, { signal: control.signal })).rejects.toThrow()
    const done = await approved(lelu, await run(null), run)
    expect(toolMessages(done).outer?.text).toBe('reviewed did 1')
  },
)

test('the approvals of calls whose interrupts a guarded tool has caught are cancelled', async () => {
  const lelu = await openLelu()
  const ran: string[] = []
  const inner = ['reviewed', 'reviewed_too'].map((name) =>
    guardedBy(
      lelu,
      toolOf(name, () => `${ran.push(name)}`),
    ),
  )
  const body: Body = async (runtime) => {
    for (const one of inner) await expect(one.invoke({}, runtime)).rejects.toThrow()
    return 'went on'
  }
  const done = await runOf(lelu, toolOf('allowed_outer', body), 'middleware')(ask)
  expect(pendingApprovals(done)).toEqual([])
  expect(toolMessages(done).outer?.text).toBe('went on')
  expect(await statesOf(lelu)).toEqual(['cancelled', 'cancelled'])
  expect(ran).toEqual([])
})

test.each(
  places.flatMap((where) => [
    [where, 'without a thread of its own', 'cancelled'] as const,
    [where, 'with a memory of its own in the thread', 'cancelled'] as const,
    [where, 'that waits in a thread of its own', 'pending'] as const,
  ]),
)(
  'of an agent that its tool went on without (%s), the approval of a call %s is %s',
  async (where, thread, state) => {
    const lelu = await openLelu()
    const own = thread === 'that waits in a thread of its own'
    const checkpointer = own ? new MemorySaver() : thread.startsWith('with a memory')
    const inner = createAgent({
      model: fakeModel().respond(calling({ name: 'reviewed' })),
      tools: createTools().tools,
      middleware: [leluMiddleware({ lelu, subject })],
      ...(checkpointer !== false && { checkpointer }),
    })
    const place = own ? { configurable: { thread_id: 'inner', checkpoint_ns: '' } } : {}
    const body: Body = async () => {
      await expect(inner.invoke(ask, place)).rejects.toThrow()
      return 'went on'
    }
    const done = await runOf(lelu, toolOf('allowed_outer', body), where)(ask)
    expect(toolMessages(done).outer?.text).toBe('went on')
    expect(await statesOf(lelu)).toEqual([state])
  },
)

const insides = ['a call', 'an agent', 'an agent with a memory of its own'] as const

test.each(places.flatMap((where) => insides.map((inside) => [where, inside] as const)))(
  'in a tool that runs on an approval (%s), nobody is asked in vain about %s that would wait',
  async (where, inside) => {
    const lelu = await openLelu()
    const { tools, ran } = createTools()
    const reviewed = guardedBy(lelu, tools[1])
    const model = answering(calling({ name: 'reviewed' }))
    const agent = createAgent({
      model,
      tools,
      middleware: [leluMiddleware({ lelu, subject })],
      ...(inside === 'an agent with a memory of its own' && { checkpointer: true }),
    })
    const body: Body = async (runtime) => {
      if (inside === 'a call') return (await reviewed.invoke({ amount: 1 }, runtime)).text
      return (await agent.invoke(ask)).messages.map(({ text }) => text).join()
    }
    const run = runOf(lelu, toolOf('reviewed_outer', body), where)
    const done = await approved(lelu, await run(ask), run)
    expect(pendingApprovals(done)).toEqual([])
    expect(toolMessages(done).outer?.text).toContain('the call around it has an approval')
    expect(await statesOf(lelu)).toEqual(['completed', 'cancelled'])
    expect(ran).toEqual([])
  },
)

test.each(places)(
  'a call that its tool did not wait for does not wait for a person (%s)',
  async (where) => {
    const lelu = await openLelu()
    const ended = Promise.withResolvers<void>()
    const guard: Lelu['guard'] = async (...given) => {
      await ended.promise
      return lelu.guard(...given)
    }
    const reviewed = guardedBy({ ...lelu, guard }, createTools().tools[1])
    let call: ReturnType<typeof reviewed.invoke> | undefined
    const body: Body = (runtime) => {
      call = reviewed.invoke({ amount: 1 }, runtime)
      return 'went on'
    }
    const done = await runOf(lelu, toolOf('allowed_outer', body), where)(ask)
    expect(toolMessages(done).outer?.text).toBe('went on')
    ended.resolve()
    expect((await call)?.text).toContain('the tool went on without it')
    expect(await statesOf(lelu)).toEqual(['cancelled'])
  },
)
