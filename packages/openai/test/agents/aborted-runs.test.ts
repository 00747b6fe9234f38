import { effectsIn } from '@lelu/testing'
import { expect, test, vi } from 'vitest'
import { resumeRun } from '../../src/agents/index.ts'
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
