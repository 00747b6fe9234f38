import { Agent, type FunctionTool, RunState } from '@openai/agents'
import { expect, test } from 'vitest'
import { resumeRun } from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { agentWith, answersOf, createTools, reviewer, temporaryFolder } from './support.ts'

const reviewed = { id: 'call_0', tool: 'reviewed', input: { amount: 5 } }
const steps = [calling(reviewed)]

test.each([{}, { alwaysApprove: true }])(
  'an approval in the state of the run alone (%j) runs nothing',
  async (how) => {
    const { ask, goOn, pending, ran, lelu } = await agentWith({ steps })
    const { state } = await ask()
    const [waiting] = await pending({ state, history: [] })
    for (const item of state.getInterruptions()) state.approve(item, how)
    const done = await goOn(state)
    expect(ran()).toEqual([])
    expect(answersOf(done)[0]?.text).toMatch(/Waiting for a person.*Do not call it again\.$/)
    expect((await lelu.approvals.get(waiting?.approvalId ?? '')).state).toBe('pending')
  },
)

test('an approval in the state of a call that nobody was ever asked about runs nothing', async () => {
  const gate = { needsApproval: async () => true }
  const directory = temporaryFolder()
  const open = createTools(directory).map((tool) => ({ ...tool, ...gate })) as FunctionTool[]
  const first = await agentWith({ steps: [calling(reviewed)], tools: open, directory })
  const { state } = await first.ask()
  // Another conversation: the store knows nothing of it.
  const second = await agentWith({ steps: [], directory })
  const stored = state.toString()
  const copied = await RunState.fromString(second.agent, stored)
  for (const item of copied.getInterruptions()) copied.approve(item)
  const done = await second.goOn(copied as typeof state)
  expect(answersOf(done)[0]?.text).toContain('needs a person, and could not be resumed here')
  expect(second.ran()).toEqual([])
  expect((await second.lelu.approvals.list({ state: 'pending' })).approvals).toEqual([])
})

test('an approval for all calls of a tool does not stand for later ones', async () => {
  const later = calling({ ...reviewed, id: 'call_1', input: { amount: 6 } })
  const { ask, goOn, pending, ran, lelu } = await agentWith({ steps: [...steps, later] })
  const { state } = await ask()
  const [waiting] = await pending({ state, history: [] })
  await lelu.approvals.review(waiting?.approvalId ?? '', { verdict: 'approve', reviewer })
  for (const item of state.getInterruptions()) state.approve(item, { alwaysApprove: true })
  const done = await goOn(state)
  expect(answersOf(done).map(({ text }) => text)).toEqual([
    'reviewed did 5',
    expect.stringContaining('could not be resumed here'),
  ])
  expect(ran()).toHaveLength(1)
  // Nothing is left for a reviewer to approve.
  expect((await lelu.approvals.list({ state: 'pending' })).approvals).toEqual([])
})

test('a call that was denied does not run when its state says approved', async () => {
  const { ask, goOn, pending, ran, lelu } = await agentWith({ steps })
  const { state } = await ask()
  const [waiting] = await pending({ state, history: [] })
  await lelu.approvals.review(waiting?.approvalId ?? '', { verdict: 'deny', reviewer })
  for (const item of state.getInterruptions()) state.approve(item)
  const done = await goOn(state)
  expect(answersOf(done)[0]?.text).toContain('Do not retry')
  expect(ran()).toEqual([])
})

test('a tool whose approval gate was taken off after it was guarded runs nothing undecided', async () => {
  const directory = temporaryFolder()
  const guarded = await agentWith({ steps, directory })
  guarded.agent.tools = guarded.agent.tools.map((tool) => ({
    ...(tool as FunctionTool),
    needsApproval: async () => false,
    inputGuardrails: [],
  }))
  const done = await guarded.ask()
  expect(answersOf(done)[0]?.text).toContain('could not be resumed here')
  expect(guarded.ran()).toEqual([])
})

test('with guardrails before the approval the call still waits, and then runs once', async () => {
  const config = { toolExecution: { preApprovalInputGuardrails: true } }
  const { ask, resume, pending, ran, lelu } = await agentWith({ steps, config })
  const result = await ask()
  const [waiting] = await pending(result)
  expect(waiting).toMatchObject({ tool: 'reviewed' })
  const still = await resume(result.state.toString())
  expect(await pending(still)).toEqual([waiting])
  await lelu.approvals.review(waiting?.approvalId ?? '', { verdict: 'approve', reviewer })
  expect(answersOf(await resume(still.state.toString()))).toEqual([
    { id: 'call_0', text: 'reviewed did 5' },
  ])
  expect(ran()).toHaveLength(1)
})

test('a state that is resumed twice runs its call once, and answers it twice', async () => {
  const { ask, resume, pending, ran, lelu } = await agentWith({ steps })
  const result = await ask()
  const stored = result.state.toString()
  const [waiting] = await pending(result)
  await lelu.approvals.review(waiting?.approvalId ?? '', { verdict: 'approve', reviewer })
  const first = answersOf(await resume(stored))
  expect(answersOf(await resume(stored))).toEqual(first)
  expect(first).toEqual([{ id: 'call_0', text: 'reviewed did 5' }])
  expect(ran()).toHaveLength(1)
})

test('a denied call is rejected in the state itself: it runs nothing even where its tool is not guarded', async () => {
  const directory = temporaryFolder()
  const { ask, lelu, pending, guardOptions, runner, ran } = await agentWith({ steps, directory })
  const result = await ask()
  const [waiting] = await pending(result)
  await lelu.approvals.review(waiting?.approvalId ?? '', { verdict: 'deny', reviewer })
  const model = new ScriptedModel()
  const bare = new Agent({ name: 'agent', tools: createTools(directory), model })
  await runner.run(bare, await resumeRun(bare, result.state.toString(), guardOptions))
  expect(ran()).toEqual([])
})
