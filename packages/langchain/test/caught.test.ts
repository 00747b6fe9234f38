import { MemorySaver } from '@langchain/langgraph'
import { AIMessage, createAgent, fakeModel, tool } from 'langchain'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { guardTool, leluMiddleware, resume } from '../src/index.ts'
import {
  ask,
  calling,
  config,
  createTools,
  openLelu,
  reviewer,
  subject,
  toolGraph,
  toolMessages,
  waitingId,
} from './support.ts'

type Lelu = Awaited<ReturnType<typeof openLelu>>
type Inner = { invoke(input: unknown, runtime: unknown): Promise<{ text: string }> }
type Body = (runtime: unknown) => Promise<string>

const schema = z.object({})

function graphOf(lelu: Lelu, body: Body, where: 'middleware' | 'ToolNode') {
  const outer = tool((_input, runtime) => body(runtime), { name: 'allowed_outer', schema })
  const answer = calling({ name: 'allowed_outer', args: {} })
  if (where === 'ToolNode') return toolGraph(answer, [guardTool(outer, { lelu, subject })])
  return createAgent({
    model: fakeModel().respond(answer).respond(new AIMessage('Finished.')),
    tools: [outer],
    middleware: [leluMiddleware({ lelu, subject })],
    checkpointer: new MemorySaver(),
  })
}

const reviewedOf = (lelu: Lelu) =>
  guardTool(createTools().tools[1], { lelu, subject }) as unknown as Inner

const stateOf = async (lelu: Lelu) =>
  (await lelu.approvals.list()).approvals.map(({ state }) => state)

const places = ['middleware', 'ToolNode'] as const

test.each(places)(
  'the approval of a call is cancelled whose interrupt its tool has made an error of (%s)',
  async (where) => {
    const lelu = await openLelu()
    const reviewed = reviewedOf(lelu)
    const body: Body = (runtime) =>
      reviewed.invoke({ amount: 1 }, runtime).then(
        ({ text }) => text,
        (cause) => {
          throw new Error('The helper failed.', { cause })
        },
      )
    const done = await graphOf(lelu, body, where).invoke(ask as never, config)
    expect(toolMessages(done as never).call_0?.text).toContain('The helper failed.')
    expect(await stateOf(lelu)).toEqual(['cancelled'])
  },
)

test.each(places)(
  'what waits in a tool that fails as its run is aborted can still be approved, and runs (%s)',
  async (where) => {
    const lelu = await openLelu()
    const control = new AbortController()
    const reviewed = reviewedOf(lelu)
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
    const graph = graphOf(lelu, body, where)
    const aborted = graph.invoke(ask as never, { ...config, signal: control.signal })
    await expect(aborted).rejects.toThrow()
    const result = await graph.invoke(null, config)
    await lelu.approvals.review(waitingId(result), { verdict: 'approve', reviewer })
    const done = await graph.invoke((await resume({ result, lelu })) as never, config)
    expect(toolMessages(done as never).call_0?.text).toBe('reviewed did 1')
  },
)

test.each(
  places.flatMap((where) => [
    [where, 'without a thread of its own', 'cancelled'] as const,
    [where, 'that waits in a thread of its own', 'pending'] as const,
  ]),
)(
  'of an agent that its tool went on without (%s), the approval of a call %s is %s',
  async (where, thread, state) => {
    const lelu = await openLelu()
    const own = thread === 'that waits in a thread of its own'
    const inner = createAgent({
      model: fakeModel().respond(calling({ name: 'reviewed' })),
      tools: createTools().tools,
      middleware: [leluMiddleware({ lelu, subject })],
      ...(own && { checkpointer: new MemorySaver() }),
    })
    const place = own ? { configurable: { thread_id: 'inner', checkpoint_ns: '' } } : {}
    const body: Body = async () => {
      await expect(inner.invoke(ask, place)).rejects.toThrow()
      return 'went on'
    }
    const done = await graphOf(lelu, body, where).invoke(ask as never, config)
    expect(toolMessages(done as never).call_0?.text).toBe('went on')
    expect(await stateOf(lelu)).toEqual([state])
  },
)
