import { type Effect, effectsIn } from '@lelu/testing'
import { Agent, type AgentOutputItem, type FunctionTool, Runner, RunState } from '@openai/agents'
import { expect, test } from 'vitest'
import {
  type AgentGuardOptions,
  guardAgentTool,
  guardAgentTools,
  pendingApprovals,
  resumeRun,
} from '../../src/agents/index.ts'
import { calling, finished, ScriptedModel } from './model.ts'
import {
  answersOf,
  approveAll,
  createTools,
  openLelu,
  reviewer,
  subject,
  temporaryFolder,
} from './support.ts'

const inner = (tool: string, amount: unknown = '5', item?: string) =>
  calling({ id: 'call_0', tool, input: { amount }, ...(item !== undefined && { item }) })
const outer = (name: string, id = 'outer_0') =>
  calling({ id, tool: name, input: { input: 'Go on.' } })

type Setup = {
  /** The name of the agent tool: the policy decides by it when it is guarded. */
  name: string
  guarded: boolean
  innerSteps: AgentOutputItem[][]
  outerSteps?: AgentOutputItem[][]
}

/** An agent whose only tool is another agent, whose tools are guarded. */
async function nestedWith({ name, guarded, innerSteps, outerSteps = [outer(name)] }: Setup) {
  const lelu = await openLelu()
  const directory = temporaryFolder()
  const options: AgentGuardOptions = { lelu, subject, run: 'conversation-1' }
  const models: ScriptedModel[] = []
  // Anew each time, as another process would.
  const open = (inside: AgentOutputItem[][], outside: AgentOutputItem[][]) => {
    const tools = guardAgentTools(createTools(directory), options)
    const model = new ScriptedModel(...inside)
    models.push(model)
    const worker = new Agent({ name: 'worker', tools, model })
    const plain = worker.asTool({ toolName: name, toolDescription: 'Works.' })
    const tool = (guarded ? guardAgentTool(plain, options) : plain) as unknown as FunctionTool
    return new Agent({ name: 'boss', tools: [tool], model: new ScriptedModel(...outside) })
  }
  const runner = new Runner({ tracingDisabled: true })
  return {
    lelu,
    options,
    ask: async () => runner.run(open(innerSteps, outerSteps), 'Go on.'),
    resume: async (
      stored: string,
      inside: AgentOutputItem[][] = [],
      outside: AgentOutputItem[][] = [],
    ) => {
      const agent = open(inside, outside)
      return runner.run(agent, await resumeRun(agent, stored, options))
    },
    decide: async (stored: string) => resumeRun(open([], []), stored, options),
    goOn: async (stored: string) => {
      const agent = open([], [])
      return runner.run(agent, await RunState.fromString(agent, stored))
    },
    forge: async (stored: string) => {
      const agent = open([], [])
      const state = await RunState.fromString(agent, stored)
      for (const item of state.getInterruptions()) state.approve(item)
      return runner.run(agent, state)
    },
    /** What the model of the inner agent has read as answers of its calls, in its last run. */
    read: () => answersOf({ history: models.at(-1)?.requests.at(-1)?.input as unknown[] }),
    ran: (): Effect[] => effectsIn(directory),
  }
}

test.each([
  ['an agent tool that is not guarded', { name: 'worker', guarded: false }],
  ['an agent tool that the policy allows', { name: 'allowed_worker', guarded: true }],
])(
  'inside %s a call suspends the whole run, and runs once in another process',
  async (_name, how) => {
    const { ask, resume, forge, ran, options, lelu } = await nestedWith({
      ...how,
      innerSteps: [inner('reviewed')],
    })
    const asked = await ask()
    const waiting = await pendingApprovals(asked, options)
    expect(waiting).toMatchObject([{ tool: 'reviewed', callId: 'call_0' }])
    const stored = asked.state.toString()
    expect(await pendingApprovals(await resume(stored), options)).toEqual(waiting)
    await forge(stored)
    expect(ran()).toEqual([])
    await approveAll(lelu)
    const done = await resume(stored)
    expect(answersOf(done)).toEqual([{ id: 'outer_0', text: 'Finished.' }])
    await resume(stored)
    expect(ran()).toHaveLength(1)
  },
)

test('a state that was decided for an agent inside an agent tool can be stored again before it goes on', async () => {
  const { ask, decide, goOn, ran, lelu } = await nestedWith({
    name: 'allowed_worker',
    guarded: true,
    innerSteps: [inner('reviewed')],
  })
  const asked = await ask()
  await approveAll(lelu)
  const decided = await decide(asked.state.toString())
  const done = await goOn(decided.toString())
  expect(done.interruptions).toEqual([])
  expect(ran()).toHaveLength(1)
})

test.each([
  ['worker', false],
  ['allowed_worker', true],
])(
  'inside the agent tool %s (guarded: %s) a denied call is refused, and the agent goes on',
  async (name, guarded) => {
    const { ask, resume, ran, read, lelu } = await nestedWith({
      name,
      guarded,
      innerSteps: [inner('reviewed')],
    })
    const asked = await ask()
    const { approvals } = await lelu.approvals.list()
    const id = approvals[0]?.id ?? ''
    await lelu.approvals.review(id, { verdict: 'deny', reviewer, reason: 'Too much' })
    const next = calling({ id: 'call_1', tool: 'allowed', input: { amount: 7 } })
    const done = await resume(asked.state.toString(), [next])
    expect(done.interruptions).toEqual([])
    expect(read().map(({ text }) => text)).toEqual([
      expect.stringContaining('A reviewer denied this call: Too much'),
      'allowed did 7',
    ])
    expect(ran()).toEqual([{ tool: 'allowed', input: { amount: 7, note: 'none' } }])
  },
)

test('an agent tool that needs approval itself runs once, and its answer is replayed', async () => {
  const { ask, resume, ran, lelu, options } = await nestedWith({
    name: 'reviewed_worker',
    guarded: true,
    innerSteps: [],
  })
  const asked = await ask()
  expect(await pendingApprovals(asked, options)).toMatchObject([{ tool: 'reviewed_worker' }])
  const stored = asked.state.toString()
  await approveAll(lelu)
  const first = answersOf(await resume(stored, [inner('allowed')]))
  expect(first).toEqual([{ id: 'outer_0', text: 'Finished.' }])
  expect(answersOf(await resume(stored, [inner('allowed')]))).toEqual(first)
  expect(ran()).toHaveLength(1)
})

test('an approved agent tool whose agent is suspended inside says what to do, and runs nothing more', async () => {
  const { ask, resume, ran, lelu } = await nestedWith({
    name: 'reviewed_worker',
    guarded: true,
    innerSteps: [],
  })
  const asked = await ask()
  await approveAll(lelu)
  const inside = await resume(asked.state.toString(), [inner('reviewed')])
  expect(inside.interruptions).toHaveLength(1)
  await approveAll(lelu)
  await expect(resume(inside.state.toString())).rejects.toMatchObject({
    error: expect.objectContaining({ code: 'LELU_TOOL_UNSUPPORTED' }),
  })
  expect(ran()).toEqual([])
})

test.each([
  ['without ids of its items', undefined, undefined],
  ['with ids of its items', 'fc_1', 'fc_2'],
])(
  'an agent %s that is run twice and repeats a call gets no answer of the first run',
  async (_name, first, second) => {
    const { ask, resume, ran, read, lelu } = await nestedWith({
      name: 'worker',
      guarded: false,
      innerSteps: [inner('reviewed', '5', first)],
    })
    const asked = await ask()
    await approveAll(lelu)
    // The SDK takes the repeated id for approved, so it suspends nothing: all that is left is to refuse it.
    const inside = [[finished], inner('reviewed', '5', second)]
    await resume(asked.state.toString(), inside, [outer('worker', 'outer_1')])
    expect(ran()).toHaveLength(1)
    expect(read().map(({ text }) => text)).toEqual([
      expect.stringContaining('Give every call an id of its own'),
    ])
  },
)
