import { Agent, type FunctionTool, type RunContext, Runner, tool } from '@openai/agents'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  type AgentGuardOptions,
  cancelAbandoned,
  guardAgentTool,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling, ScriptedModel } from './model.ts'
import { answersOf, approveAll, openLelu } from './support.ts'

/** What an app gives its tools: who is served, and a handle that no JSON can hold. */
type App = { chat: string; user: string; read: (of: string) => string }

const appOf = (user: string): App => ({
  chat: `chat of ${user}`,
  user,
  read: (of) => `${of} of ${user}`,
})

const parameters = z.object({ amount: z.number() })
const runner = new Runner({ tracingDisabled: true })

/** Two tools that read from the context; the second is not guarded, and has a gate of the host's own. */
async function openApp() {
  const lelu = await openLelu()
  const options: AgentGuardOptions<App> = {
    lelu,
    run: ({ context }) => context.chat,
    subject: ({ context }) => ({ id: `agent of ${context.user}`, type: 'agent' }),
  }
  const ran: string[] = []
  const execute = (_: unknown, runContext?: RunContext<App>) => {
    const read = runContext?.context.read('secret') ?? ''
    ran.push(read)
    return read
  }
  const made = (name: string, needsApproval: boolean) =>
    tool({ name, description: 'Reads.', parameters, needsApproval, execute })
  const agent = (...steps: ReturnType<typeof calling>[]) =>
    new Agent<App>({
      name: 'agent',
      tools: [
        guardAgentTool(made('reviewed', false), options),
        made('gated', true),
      ] as unknown as FunctionTool<App>[],
      model: new ScriptedModel(...steps),
    })
  const ask = async (user: string, ...more: Parameters<typeof calling>) => {
    const reviewed = { id: 'call_0', tool: 'reviewed', input: { amount: 5 } }
    const asking = agent(calling(reviewed, ...more))
    return runner.run(asking, 'Go on.', { context: appOf(user) })
  }
  return { lelu, options, ran, agent, ask }
}

test('a run goes on with the context it is given, which no stored text can hold', async () => {
  const { lelu, options, ran, agent, ask } = await openApp()
  const { state } = await ask('alice')
  await approveAll(lelu)
  const resumed = agent()
  const context = appOf('alice')
  const done = await runner.run(
    resumed,
    await resumeRun(resumed, state.toString(), options, { context }),
  )
  expect(answersOf(done)).toEqual([{ id: 'call_0', text: 'secret of alice' }])
  expect(ran).toEqual(['secret of alice'])
  expect(done.runContext.context).toBe(context)
  expect(done.runContext.usage.requests).toBe(2)
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map((approval) => approval.state)).toEqual(['completed'])
})

test('whoever edits the stored state of a run is still who the given context says', async () => {
  const { lelu, options, ran, agent, ask } = await openApp()
  await ask('alice')
  await approveAll(lelu)
  const { state } = await ask('bob')
  const edited = state.toString().replaceAll('bob', 'alice')
  const resumed = agent()
  const restored = await resumeRun(resumed, edited, options, { context: appOf('bob') })
  const done = await runner.run(resumed, restored)
  expect(ran).toEqual([])
  expect(await pendingApprovals(done, options)).toHaveLength(1)
  const { approvals } = await lelu.approvals.list()
  const states = approvals.map(({ request, state }) => [request.subject.id, state])
  expect(states.sort()).toEqual([
    ['agent of alice', 'approved'],
    ['agent of bob', 'pending'],
  ])
})

test('what the host approved in the state stands, whatever context the run goes on with', async () => {
  const { options, ran, agent, ask } = await openApp()
  const { state } = await ask('alice', { id: 'call_1', tool: 'gated', input: { amount: 6 } })
  const [, gated] = state.getInterruptions()
  if (gated === undefined) throw new Error('nothing waits at the gate')
  state.approve(gated)
  const resumed = agent()
  const context = appOf('alice')
  const restored = await resumeRun(resumed, state.toString(), options, { context })
  const done = await runner.run(resumed, restored)
  expect(ran).toEqual(['secret of alice'])
  expect(await pendingApprovals(done, options)).toMatchObject([{ tool: 'reviewed' }])
})

test('a call that was left behind is cancelled in the conversation of the given context', async () => {
  const { lelu, options, ran, agent, ask } = await openApp()
  const { state } = await ask('alice')
  const resumed = agent()
  const context = appOf('alice')
  const goesOn = await cancelAbandoned(resumed, state.toString(), options, { context })
  goesOn.addInput([{ type: 'message', role: 'user', content: 'Never mind.' }])
  const done = await runner.run(resumed, goesOn)
  expect(answersOf(done)[0]?.text).toContain('cancelled')
  expect(ran).toEqual([])
  const { approvals } = await lelu.approvals.list()
  expect(approvals.map((approval) => approval.state)).toEqual(['cancelled'])
})
