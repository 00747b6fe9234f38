import { Command } from '@langchain/langgraph'
import { expect, test } from 'vitest'
import { pendingApprovals, resume } from '../src/index.ts'
import { agentWith, ask, calling, config, openLelu, reviewer, toolMessages } from './support.ts'

const four = calling(
  { id: 'a', name: 'allowed', args: { amount: 1 } },
  { id: 'd', name: 'denied', args: { amount: 2 } },
  { id: 'r1', name: 'reviewed', args: { amount: 3 } },
  { id: 'r2', name: 'reviewed', args: { amount: 4 } },
)

async function waiting(version: 'v1' | 'v2') {
  const lelu = await openLelu()
  const setup = agentWith({ lelu, answers: [four], version })
  const result = await setup.agent.invoke(ask, config)
  const page = await lelu.approvals.list({ state: 'pending' })
  const idOf = (call: string) =>
    page.approvals.find(({ request }) => request.call.id.startsWith(`${call}@`))?.id ?? ''
  const amounts = () => setup.ran.map(({ input }) => (input as { amount: number }).amount)
  return { ...setup, lelu, result, idOf, amounts }
}

test('of four calls of one step the allowed one runs, the denied one does not, two wait', async () => {
  const { lelu, result, idOf, amounts, agent, resumeDecided } = await waiting('v2')
  expect(amounts()).toEqual([1])
  const ids = pendingApprovals(result).map(({ approvalId }) => approvalId)
  expect(ids.sort()).toEqual([idOf('r1'), idOf('r2')].sort())

  await lelu.approvals.review(idOf('r2'), { verdict: 'approve', reviewer })
  await resumeDecided()
  expect(amounts()).toEqual([1, 4])

  await lelu.approvals.review(idOf('r1'), { verdict: 'deny', reviewer, reason: 'no' })
  const done = await resumeDecided()
  expect(amounts()).toEqual([1, 4])
  const messages = toolMessages(done)
  expect(messages.a?.text).toBe('allowed did 1')
  expect(messages.d?.text).toContain('Denied by policy')
  expect(messages.r1?.text).toContain('A reviewer denied this call: no')
  expect(messages.r2?.text).toBe('reviewed did 4')
  expect((await agent.graph.getState(config)).next).toEqual([])
})

test('a plain resume with two calls waiting runs only the approved one', async () => {
  const { agent, lelu, idOf, amounts, resumeDecided } = await waiting('v2')
  await lelu.approvals.review(idOf('r1'), { verdict: 'approve', reviewer })
  const result = await agent.invoke(new Command({ resume: { ok: true } }), config)
  expect(amounts()).toEqual([1, 3])
  expect(pendingApprovals(result).map(({ approvalId }) => approvalId)).toEqual([idOf('r2')])
  await lelu.approvals.review(idOf('r2'), { verdict: 'approve', reviewer })
  await resumeDecided()
  expect(amounts()).toEqual([1, 3, 4])
})

test('five early wakings, by value and by id, run nothing and keep both calls waiting', async () => {
  const { agent, lelu, result, idOf, amounts, resumeDecided } = await waiting('v2')
  let latest: unknown = result
  for (let round = 0; round < 5; round += 1) {
    const byId = Object.fromEntries(
      pendingApprovals(latest).map(({ interruptId }) => [interruptId, 'wake up']),
    )
    latest = await agent.invoke(new Command({ resume: round % 2 === 0 ? 'wake up' : byId }), config)
    expect(pendingApprovals(latest)).toHaveLength(2)
  }
  expect(amounts()).toEqual([1])
  for (const call of ['r1', 'r2'])
    await lelu.approvals.review(idOf(call), { verdict: 'approve', reviewer })
  await resumeDecided()
  expect(amounts().sort()).toEqual([1, 3, 4])
})

test.each([
  ['a HITL approval', { decisions: [{ type: 'approve' }] }],
  [
    'a HITL edit',
    { decisions: [{ type: 'edit', editedAction: { name: 'reviewed', args: { amount: 99 } } }] },
  ],
  ['a forged record', { state: 'approved', lelu: { approved: true } }],
  ['garbage', 'x'.repeat(1000)],
  ['a number', 0],
  ['false', false],
])('%s as the resume value approves nothing and poisons nothing', async (_name, value) => {
  const lelu = await openLelu()
  const { agent, ran, resumeDecided } = agentWith({
    lelu,
    answers: [calling({ name: 'reviewed' })],
  })
  const before = pendingApprovals(await agent.invoke(ask, config))
  const after = pendingApprovals(await agent.invoke(new Command({ resume: value }), config))
  expect(after.map(({ approvalId }) => approvalId)).toEqual(
    before.map(({ approvalId }) => approvalId),
  )
  expect(ran).toEqual([])
  await lelu.approvals.review(before[0]?.approvalId ?? '', { verdict: 'approve', reviewer })
  expect(toolMessages(await resumeDecided()).call_0?.text).toBe('reviewed did 5')
  expect(ran).toHaveLength(1)
})

test('with all calls of a step in one node (v1) every call runs once, with its own input', async () => {
  const { agent, lelu, idOf, amounts } = await waiting('v1')
  // The allowed call waits for its siblings: the node starts over when they are resumed.
  expect(amounts()).toEqual([])
  await lelu.approvals.review(idOf('r2'), { verdict: 'approve', reviewer })
  await agent.invoke(new Command({ resume: true }), config)
  expect(amounts()).toEqual([4])
  await lelu.approvals.review(idOf('r1'), { verdict: 'approve', reviewer })
  const done = await agent.invoke(new Command({ resume: true }), config)
  expect(amounts().sort()).toEqual([1, 3, 4])
  const { a, d, r1, r2 } = toolMessages(done)
  expect([a?.text, r1?.text, r2?.text]).toEqual([
    'allowed did 1',
    'reviewed did 3',
    'reviewed did 4',
  ])
  expect(d?.text).toContain('Denied by policy')
})

test('an interrupt of one call waits for a sibling that is running in the same node', async () => {
  const { agent, lelu, idOf, ran } = await waiting('v1')
  await lelu.approvals.review(idOf('r2'), { verdict: 'approve', reviewer })
  await agent.invoke(new Command({ resume: true }), config)
  // The run has ended: whatever still ran now would be lost with the process.
  expect(ran).toHaveLength(1)
  expect((await lelu.approvals.get(idOf('r2'))).state).toBe('completed')
})

test('`resume` answers a command for the decided calls alone, and none when nothing is decided', async () => {
  const { lelu, result, idOf } = await waiting('v2')
  expect(await resume({ result, lelu })).toBeUndefined()
  await lelu.approvals.review(idOf('r1'), { verdict: 'deny', reviewer })
  const command = await resume({ result, lelu })
  const [denied] = pendingApprovals(result).filter(({ approvalId }) => approvalId === idOf('r1'))
  expect(Object.keys(command?.resume as object)).toEqual([denied?.interruptId])
})

test('pending approvals are found in results, stream chunks, states and interrupts, and nothing else is', async () => {
  const { agent, result } = await waiting('v2')
  const expected = pendingApprovals(result)
  expect(expected).toHaveLength(2)
  const { __interrupt__ } = result as { __interrupt__?: unknown[] }
  expect(pendingApprovals(__interrupt__)).toEqual(expected)
  expect(pendingApprovals({ __interrupt__ })).toEqual(expected)
  expect(pendingApprovals(await agent.graph.getState(config))).toEqual(expected)
  for (const other of [
    undefined,
    null,
    'text',
    {},
    [null],
    [{ id: 'x', value: { lelu: {} } }],
    { tasks: [{}] },
  ]) {
    expect(pendingApprovals(other)).toEqual([])
  }
})

test('one altered record does not keep the other calls waiting', async () => {
  const { lelu, result, idOf } = await waiting('v2')
  await lelu.approvals.review(idOf('r2'), { verdict: 'approve', reviewer })
  const { LeluError } = await import('@lelu/engine')
  const get: typeof lelu.approvals.get = (id) =>
    id === idOf('r1')
      ? Promise.reject(new LeluError('LELU_APPROVAL_ALTERED', 'altered', { help: '' }))
      : lelu.approvals.get(id)
  const command = await resume({ result, lelu: { approvals: { get } } })
  expect(Object.keys(command?.resume as object)).toHaveLength(2)
})
