import { effectsIn } from '@lelu/testing'
import { AgentsError, type FunctionTool, tool } from '@openai/agents'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { cancelAbandoned, resumeRun } from '../../src/agents/index.ts'
import { outcomesOf } from '../log-of.ts'
import { run, stream } from './loops.ts'
import { calling } from './model.ts'
import {
  agentWith,
  answersOf,
  approveAll,
  createTools,
  openLelu,
  temporaryFolder,
} from './support.ts'

const steps = [calling({ id: 'call_0', tool: 'reviewed_slow', input: { amount: 5 } })]

/** Longer than the lease of an attempt: by then nobody is believed to be running it. */
const afterLease = 5 * 60_000

test.each([
  ['run', run],
  ['streamed run', stream],
])(
  'an approved call whose %s is aborted while it runs is not run again, and its result is not lost',
  async (_name, loop) => {
    const control = new AbortController()
    const directory = temporaryFolder()
    let ahead = 0
    const lelu = await openLelu({ now: () => Date.now() + ahead })
    const tools = createTools(directory, { onRun: () => control.abort() })
    const { ask, agent, runner, guardOptions, resume } = await agentWith({ steps, lelu, tools })
    const stored = (await ask()).state.toString()
    await approveAll(lelu)
    const state = await resumeRun(agent, stored, guardOptions)
    const given = { context: {} as never, signal: control.signal }
    const seen = { calls: [], waiting: [], answered: [] }
    await expect(loop(runner, agent as never, state as never, given, seen)).rejects.toThrow()
    // The SDK leaves the tool at work, and the engine keeps what comes of it.
    await vi.waitFor(async () => {
      const { approvals } = await lelu.approvals.list()
      expect(approvals.map((approval) => approval.state)).toEqual(['completed'])
    }, 30_000)
    ahead = afterLease
    expect(answersOf(await resume(stored))[0]?.text).toBe('reviewed_slow did 5')
    expect(effectsIn(directory)).toHaveLength(1)
  },
)

test('an allowed tool that the end of its run cuts off may still take effect: the log does not say failed', async () => {
  const control = new AbortController()
  const allowed = tool({
    name: 'allowed',
    description: 'Ends its run.',
    parameters: z.object({ amount: z.number() }),
    execute() {
      control.abort()
      throw new Error('The connection was closed.')
    },
  })
  const { lelu, runner, agent } = await agentWith({
    steps: [calling({ id: 'call_0', tool: 'allowed', input: { amount: 5 } })],
    tools: [allowed] as unknown as FunctionTool[],
  })
  await runner.run(agent, 'Go on.', { signal: control.signal }).catch(() => {})
  await expect.poll(() => outcomesOf(lelu)).toEqual(['unknown'])
})

test.each([
  ['aborted', (control: AbortController) => control.abort()],
  ['ended by an error of a tool', () => Promise.reject(new Error('Out of order.'))],
])('what waits in a run that was %s is cancelled with its state', async (_name, end) => {
  const control = new AbortController()
  const lelu = await openLelu()
  const ending = tool({
    name: 'allowed',
    description: 'Ends its run.',
    parameters: z.object({}),
    errorFunction: null,
    async execute() {
      await expect.poll(async () => (await lelu.approvals.list()).approvals).toHaveLength(1)
      return end(control)
    },
  })
  const directory = temporaryFolder()
  const reviewed = createTools(directory).filter(({ name }) => name === 'reviewed')
  const waits = { id: 'call_0', tool: 'reviewed', input: { amount: 5 } }
  const { runner, agent, guardOptions, goOn, ran } = await agentWith({
    steps: [calling(waits, { id: 'call_1', tool: 'allowed', input: {} })],
    lelu,
    tools: [...reviewed, ending as unknown as FunctionTool],
    directory,
  })
  const result = await runner.run(agent, 'Go on.', { signal: control.signal, stream: true })
  const error = await result.completed.catch((reason: unknown) => reason)
  const { state = result.state } = error instanceof AgentsError ? error : {}
  const goesOn = await cancelAbandoned(agent, state.toString(), guardOptions)
  expect((await lelu.approvals.list()).approvals).toMatchObject([{ state: 'cancelled' }])
  goesOn.addInput('Never mind.')
  expect(await goOn(goesOn)).toMatchObject({ finalOutput: 'Finished.' })
  expect(ran()).toEqual([])
})
