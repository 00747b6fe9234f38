import { expect, test } from 'vitest'
import { pendingApprovals, resume } from '../src/index.ts'
import { agentWith, approve, ask, calling, config, openLelu } from './support.ts'

test.each([
  ['several modes', { streamMode: ['updates', 'values'] as ('updates' | 'values')[] }],
  ['sub-graphs', { streamMode: 'updates' as const, subgraphs: true }],
  ['both', { streamMode: ['updates', 'values'] as ('updates' | 'values')[], subgraphs: true }],
  ['one mode', { streamMode: 'updates' as const }],
])('a stream of %s shows the call that waits', async (_name, how) => {
  const lelu = await openLelu()
  const { agent } = agentWith({ lelu, answers: [calling({ id: 'r', name: 'reviewed' })] })
  const found: string[] = []
  for await (const chunk of await agent.stream(ask, { ...config, ...how } as object)) {
    found.push(...pendingApprovals(chunk).map(({ toolCallId }) => toolCallId))
  }
  expect(new Set(found)).toEqual(new Set(['r']))
})

test('the interrupts of a run of streamEvents in version v3 show the call that waits, and resume it', async () => {
  const lelu = await openLelu()
  const { agent, ran } = agentWith({ lelu, answers: [calling({ id: 'r', name: 'reviewed' })] })
  const run = await agent.streamEvents(ask, { ...config, version: 'v3' })
  await run.output
  const result = run.interrupts
  expect(pendingApprovals(result)).toMatchObject([{ tool: 'reviewed', toolCallId: 'r' }])
  await approve(lelu, result)
  const command = await resume({ result, lelu })
  await agent.invoke(command as NonNullable<typeof command>, config)
  expect(ran).toHaveLength(1)
})

test('an array of interrupts is looked into, an empty one and what is no chunk show nothing', () => {
  const interrupt = {
    id: 'i',
    value: { actionRequests: [{ name: 'trade' }], lelu: { approvalIds: ['x'], callIds: ['c'] } },
  }
  expect(pendingApprovals([interrupt])).toEqual([
    { interruptId: 'i', approvalId: 'x', toolCallId: 'c', tool: 'trade' },
  ])
  for (const nothing of [[], [null], ['updates'], [['a'], 'values', 7], 'text']) {
    expect(pendingApprovals(nothing)).toEqual([])
  }
})

/** As a LangGraph server sends a state of a thread, and as `RemoteGraph` reads it. */
type Sent = (id: string | undefined) => object

test.each<[string, Sent]>([
  ['a LangGraph server', (id) => ({ id })],
  ['a RemoteGraph', (interrupt_id) => ({ interrupt_id })],
])('the state that %s gives shows the call that waits, and resumes it', async (_name, named) => {
  const lelu = await openLelu()
  const answers = [calling({ id: 'a', name: 'allowed' }, { id: 'r', name: 'reviewed' })]
  const { agent, ran } = agentWith({ lelu, answers })
  await agent.invoke(ask, config)
  const { tasks } = await agent.graph.getState(config)
  const sent = tasks.map(({ result = null, interrupts, ...task }) => ({
    ...task,
    result,
    interrupts: interrupts.map(({ id, value }) => ({ ...named(id), value })),
  }))
  const result = JSON.parse(JSON.stringify({ tasks: sent }))
  expect(pendingApprovals(result)).toMatchObject([{ tool: 'reviewed', toolCallId: 'r' }])
  await approve(lelu, result)
  const command = await resume({ result, lelu })
  await agent.invoke(command as NonNullable<typeof command>, config)
  expect(ran.map(({ tool }) => tool)).toEqual(['allowed', 'reviewed'])
})

test('an approval of another engine keeps no other call waiting', async () => {
  const [lelu, other] = [await openLelu(), await openLelu()]
  const answers = () => [calling({ name: 'reviewed' })]
  const ours = await agentWith({ lelu, answers: answers() }).agent.invoke(ask, config)
  const theirs = await agentWith({ lelu: other, answers: answers() }).agent.invoke(ask, config)
  await approve(lelu, ours)
  type Raised = { __interrupt__?: { id?: string; value?: unknown }[] }
  const [mine] = (ours as Raised).__interrupt__ ?? []
  const [foreign] = (theirs as Raised).__interrupt__ ?? []
  const command = await resume({ result: [{ ...foreign, id: 'foreign' }, mine], lelu })
  expect(Object.keys(command?.resume as object)).toEqual([mine?.id])
})
