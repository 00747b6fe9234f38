import { expect, test } from 'vitest'
import type { AgentGuardOptions } from '../../src/agents/index.ts'
import { calling } from './model.ts'
import { agentWith, answersOf, approveAll, openLelu } from './support.ts'

const steps = [calling({ id: 'call_0', tool: 'reviewed', input: { amount: 5 } })]

/** An engine that tells when a call waits for its review. */
async function watched(onWait: (approve: () => Promise<number>) => Promise<unknown>) {
  const lelu = await openLelu()
  const wait: typeof lelu.approvals.wait = async (id, options) => {
    await onWait(() => approveAll(lelu))
    return lelu.approvals.wait(id, options)
  }
  return { ...lelu, approvals: { ...lelu.approvals, wait } }
}

test('mode wait: what is approved in time is not suspended, and runs once', async () => {
  const lelu = await watched((approve) => approve())
  const options: Partial<AgentGuardOptions> = { mode: 'wait', waitMs: 30_000 }
  const { ask, ran } = await agentWith({ lelu, steps, options })
  expect(answersOf(await ask())).toEqual([{ id: 'call_0', text: 'reviewed did 5' }])
  expect(ran()).toHaveLength(1)
})

test('mode wait: what is denied in time is refused, and nobody is asked again', async () => {
  const base = await watched(async () => {
    const { approvals } = await base.approvals.list({ state: 'pending' })
    for (const { id } of approvals) {
      const reviewer = { id: 'rita', issuer: 'test', method: 'test' }
      await base.approvals.review(id, { verdict: 'deny', reviewer, reason: 'Too much' })
    }
  })
  const { ask, ran } = await agentWith({ lelu: base, steps, options: { mode: 'wait' } })
  expect(answersOf(await ask())[0]?.text).toContain('Too much')
  expect((await base.approvals.list()).approvals).toHaveLength(1)
  expect(ran()).toEqual([])
})

test('a run that is aborted while its call waits runs nothing, though it is approved by then', async () => {
  const control = new AbortController()
  const lelu = await watched(async (approve) => {
    control.abort()
    await approve()
  })
  const { runner, agent, ran } = await agentWith({ lelu, steps, options: { mode: 'wait' } })
  await runner.run(agent, 'Go on.', { signal: control.signal }).catch(() => {})
  expect(ran()).toEqual([])
})

test('a run that is aborted after its call was decided does not start the tool', async () => {
  const control = new AbortController()
  const { runner, agent, ran } = await agentWith({
    steps: [calling({ id: 'call_0', tool: 'allowed', input: { amount: 5 } })],
    options: {
      subject: () => {
        control.abort()
        return { id: 'agent-1', type: 'agent' }
      },
    },
  })
  await runner.run(agent, 'Go on.', { signal: control.signal }).catch(() => {})
  expect(ran()).toEqual([])
})

test('mode tell-model: no run is suspended, and an approval runs the next call with the same input', async () => {
  const again = (id: string) => calling({ id, tool: 'reviewed', input: { amount: 5 } })
  const { ask, ran, lelu } = await agentWith({
    steps: [again('a'), again('b')],
    options: { mode: 'tell-model' },
  })
  expect(answersOf(await ask()).map(({ text }) => text)).toEqual([
    expect.stringContaining('call it again later'),
    expect.stringContaining('call it again later'),
  ])
  expect(await approveAll(lelu)).toBe(1)
  expect(ran()).toEqual([])
})
