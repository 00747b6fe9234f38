import { expect, test } from 'vitest'
import { pendingApprovals } from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { agentWith, answersOf, approveAll, reviewer } from './support.ts'

const call = (tool: string, id: string, amount: unknown = 5) => ({ id, tool, input: { amount } })

test('of four calls of one step one runs, one is refused and two wait', async () => {
  const step = calling(
    call('allowed', 'a'),
    call('denied', 'd'),
    call('reviewed', 'r1', 1),
    call('reviewed', 'r2', 2),
  )
  const { ask, pending, ran } = await agentWith({ steps: [step] })
  const result = await ask()
  const waiting = await pending(result)
  expect(waiting.map(({ tool, callId }) => [tool, callId])).toEqual([
    ['reviewed', 'r1'],
    ['reviewed', 'r2'],
  ])
  expect(ran()).toEqual([{ tool: 'allowed', input: { amount: 5, note: 'none' } }])
})

test('an approved call runs once with its answer in the history, and a denied one reads why', async () => {
  const step = calling(call('reviewed', 'r1', '1'), call('reviewed', 'r2', 2))
  const { ask, pending, resume, ran, lelu } = await agentWith({ steps: [step] })
  const result = await ask()
  const stored = result.state.toString()
  const [first, second] = await pending(result)
  await lelu.approvals.review(first?.approvalId ?? '', { verdict: 'approve', reviewer })
  const half = await resume(stored)
  expect((await pending(half)).map(({ callId }) => callId)).toEqual(['r2'])
  expect(ran()).toEqual([{ tool: 'reviewed', input: { amount: 1, note: 'none' } }])
  await lelu.approvals.review(second?.approvalId ?? '', {
    verdict: 'deny',
    reviewer,
    reason: 'too much',
  })
  const done = await resume(half.state.toString())
  expect(answersOf(done)).toEqual([
    { id: 'r1', text: 'reviewed did 1' },
    { id: 'r2', text: expect.stringContaining('too much') },
  ])
  expect(ran()).toHaveLength(1)
})

test('a streamed run shows that a call waits, in its events and to pendingApprovals', async () => {
  const steps = [calling(call('reviewed', 'r1'))]
  const { runner, agent, guardOptions, ran } = await agentWith({ steps })
  const result = await runner.run(agent, 'Go on.', { stream: true })
  const names: string[] = []
  for await (const event of result)
    if (event.type === 'run_item_stream_event') names.push(event.name)
  await result.completed
  expect(names).toContain('tool_approval_requested')
  expect(await pendingApprovals(result, guardOptions)).toMatchObject([{ tool: 'reviewed' }])
  expect(ran()).toEqual([])
})

test('a model that fails after the tool has run loses nothing: the result is replayed', async () => {
  const steps = [calling(call('reviewed', 'r1'))]
  const { agent, ask, resume, ran, lelu, model } = await agentWith({ steps })
  const stored = (await ask()).state.toString()
  await approveAll(lelu)
  agent.model = new FailingModel()
  await expect(resume(stored)).rejects.toThrow('The provider is down')
  agent.model = model
  expect(answersOf(await resume(stored))).toEqual([{ id: 'r1', text: 'reviewed did 5' }])
  expect(ran()).toHaveLength(1)
})

class FailingModel extends ScriptedModel {
  override async getResponse(): Promise<never> {
    throw new Error('The provider is down')
  }
}
