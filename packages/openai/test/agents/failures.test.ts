import { RunContext, RunState, webSearchTool } from '@openai/agents'
import { expect, test } from 'vitest'
import {
  type AgentGuardOptions,
  guardAgentTool,
  guardAgentTools,
  LeluError,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling } from './model.ts'
import {
  agentWith,
  answersOf,
  approveAll,
  createTools,
  openLelu,
  subject,
  temporaryFolder,
} from './support.ts'

const step = (tool: string) => [calling({ id: 'call_0', tool, input: { amount: 5 } })]
const down = () =>
  Promise.reject(new LeluError('LELU_STORE_UNAVAILABLE', 'The store is down.', { help: '' }))

test.each(['allowed', 'reviewed'])(
  'with an engine that cannot decide no %s call runs',
  async (name) => {
    const base = await openLelu()
    for (const lelu of [
      { ...base, guard: down },
      { ...base, approvals: { ...base.approvals, find: down } },
    ]) {
      const { ask, ran } = await agentWith({ lelu, steps: step(name) })
      await expect(ask()).rejects.toMatchObject({
        error: expect.objectContaining({ code: 'LELU_STORE_UNAVAILABLE' }),
      })
      expect(ran()).toEqual([])
    }
  },
)

test('a store that is down while a run is resumed loses nothing', async () => {
  const base = await openLelu()
  let broken = false
  const guard: typeof base.guard = (request, execute) =>
    broken ? down() : base.guard(request, execute)
  const { ask, resume, ran } = await agentWith({
    lelu: { ...base, guard },
    steps: step('reviewed'),
  })
  const stored = (await ask()).state.toString()
  await approveAll(base)
  broken = true
  await expect(resume(stored)).rejects.toThrow('The store is down')
  expect(ran()).toEqual([])
  broken = false
  expect(answersOf(await resume(stored))[0]?.text).toBe('reviewed did 5')
  expect(ran()).toHaveLength(1)
})

test('an unknown answer of the engine is not a permission', async () => {
  const base = await openLelu()
  const guard = (async () => ({ status: 'granted' })) as unknown as typeof base.guard
  const { ask, ran } = await agentWith({ lelu: { ...base, guard }, steps: step('allowed') })
  await expect(ask()).rejects.toThrow('not known here')
  expect(ran()).toEqual([])
})

test('without a run nothing runs and nobody is asked', async () => {
  const options = { run: () => undefined as unknown as string }
  const { ask, ran, lelu } = await agentWith({ steps: step('reviewed'), options })
  await expect(ask()).rejects.toMatchObject({
    error: expect.objectContaining({ code: 'LELU_RUN_MISSING' }),
  })
  expect((await lelu.approvals.list()).approvals).toEqual([])
  expect(ran()).toEqual([])
})

test('outside a run a guarded tool does not run', async () => {
  const directory = temporaryFolder()
  const { agent, ran } = await agentWith({ steps: [], directory })
  for (const tool of agent.tools) {
    if (tool.type !== 'function') continue
    const context = new RunContext()
    await expect(tool.invoke(context, '{"amount":5}')).rejects.toMatchObject({
      code: 'LELU_CALL_INVALID',
    })
    await expect(tool.needsApproval(context, { amount: 5 })).rejects.toMatchObject({
      code: 'LELU_CALL_INVALID',
    })
  }
  expect(ran()).toEqual([])
})

test('text that is no JSON reaches no tool, though a caller hands it over by itself', async () => {
  const { agent, ran } = await agentWith({ steps: [] })
  const [tool] = agent.tools
  if (tool?.type !== 'function') throw new Error('no tool')
  const [toolCall] = calling({ id: 'call_0', tool: tool.name, input: { raw: '{' } })
  const details = toolCall === undefined ? {} : { toolCall }
  expect(await tool.invoke(new RunContext(), '{', details)).toContain('did not run')
  expect(ran()).toEqual([])
})

test('an approval that was altered in the database runs nothing, and the model is told', async () => {
  const base = await openLelu()
  const altered = () => {
    throw new LeluError('LELU_APPROVAL_ALTERED', 'The approval was altered.', { help: '' })
  }
  let touched = false
  const find: typeof base.approvals.find = async (call) =>
    touched && call.call.endsWith('#0') ? altered() : base.approvals.find(call)
  const guard: typeof base.guard = async (request, execute) =>
    touched && request.call.id.endsWith('#0') ? altered() : base.guard(request, execute)
  const lelu = { ...base, guard, approvals: { ...base.approvals, find } }
  const { ask, goOn, resume, ran } = await agentWith({ lelu, steps: step('reviewed') })
  const { state } = await ask()
  const stored = state.toString()
  await approveAll(base)
  touched = true
  const refused = [{ id: 'call_0', text: expect.stringContaining('altered') }]
  expect(answersOf(await resume(stored))).toEqual(refused)
  for (const item of state.getInterruptions()) state.approve(item)
  expect(answersOf(await goOn(state))).toEqual(refused)
  expect(ran()).toEqual([])
})

test('a call of another tenant finds no approval of this one', async () => {
  const lelu = await openLelu()
  const one = await agentWith({ lelu, steps: step('reviewed'), options: { tenant: 'one' } })
  const { state } = await one.ask()
  const stored = state.toString()
  expect(await one.pending({ state, history: [] })).toHaveLength(1)
  await approveAll(lelu)
  const two = await agentWith({ lelu, steps: [], options: { tenant: 'two' } })
  expect(await two.pending({ state, history: [] })).toEqual([])
  for (const item of state.getInterruptions()) state.approve(item)
  const done = await two.goOn(await RunState.fromString(two.agent, state.toString()))
  expect(answersOf(done)[0]?.text).toContain('could not be resumed here')
  expect(two.ran()).toEqual([])
  expect(answersOf(await one.resume(stored))[0]?.text).toBe('reviewed did 5')
})

test('what is no function tool cannot be guarded', async () => {
  const lelu = await openLelu()
  for (const wrong of [undefined, null, {}, 'tool', webSearchTool()]) {
    expect(() => guardAgentTool(wrong, { lelu, subject, run: 'run-1' })).toThrow(
      'cannot be guarded',
    )
  }
})

const engine = { guard: async () => {}, approvals: {} }

test.each([
  ['nothing', undefined, 'lelu'],
  ['no run', { lelu: engine, subject }, 'run'],
  ['an empty run', { lelu: engine, subject, run: '' }, 'run'],
  ['no subject', { lelu: engine, run: 'run-1' }, 'subject'],
  ['an unknown mode', { lelu: engine, subject, run: 'run-1', mode: 'auto' }, 'auto'],
  ['a misspelt option', { lelu: engine, subject, run: 'run-1', confidance: 1 }, 'confidance'],
])('options with %s are refused at once, by name', async (_name, options, named) => {
  const wrong = options as unknown as AgentGuardOptions
  const { agent } = await agentWith({ steps: [] })
  expect(() => guardAgentTools(createTools(temporaryFolder()), wrong)).toThrow(named)
  await expect(pendingApprovals({ getInterruptions: () => [] }, wrong)).rejects.toThrow(named)
  await expect(resumeRun(agent, '', wrong)).rejects.toThrow(named)
})
