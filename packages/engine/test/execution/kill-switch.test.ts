import { readRecords } from '@lelu/audit/reading'
import { Keyv } from 'keyv'
import { expect, it, vi } from 'vitest'
import type { StopScope } from '../../src/index.ts'
import { approved, bob, temporaryFolder, testClock, testEngine, trade } from '../support.ts'

it.each<[string, StopScope]>([
  ['the agent', { agent: 'trader-1' }],
  ['whom it acts for', { agent: 'alice' }],
  ['everything', { all: true }],
])(
  'with %s stopped, nothing runs in any process, until it is started again',
  async (_what, scope) => {
    const directory = temporaryFolder()
    const store = new Keyv()
    const lelu = await testEngine({ directory, store })
    const other = await testEngine({ directory, store })
    const id = await approved(lelu)
    await lelu.grants.create(id, { reviewer: bob, expiresInMs: 60_000, maxUses: 5 })
    await lelu.killSwitch.stop(scope, { by: bob, reason: 'It sells everything.' })
    expect(await other.killSwitch.isStopped(scope)).toBe(true)
    const tool = vi.fn()
    const denied = { effect: 'deny', reasons: [{ id: 'stopped' }] }
    expect(await other.decide(trade(0.97))).toMatchObject(denied)
    const inRun = trade(0.97, { id: 'call-3' }, { run: 'run-1' })
    for (const request of [trade(0.97), trade(0.85, { id: 'call-2' }), inRun]) {
      expect(await other.guard(request, tool)).toMatchObject({ status: 'denied', decision: denied })
    }
    expect(await other.resume(id, tool)).toMatchObject({
      status: 'denied',
      decision: { reasons: [{ id: 'stopped' }] },
    })
    expect(tool).not.toHaveBeenCalled()
    await other.killSwitch.start(scope, { by: bob })
    expect(await lelu.guard(trade(0.97), () => 'ran')).toMatchObject({ status: 'executed' })
    // What was stopped when it was to run stays ended.
    expect(await lelu.resume(id, tool)).toMatchObject({ status: 'denied' })
  },
)

const signal = { method: 'external', trust: 'adapter', value: 0.97, score: null } as const
const { confidence: _none, ...unread } = trade(0.97, {}, { run: 'run-1' })

it('stopped while its confidence is read, a call does not run', async () => {
  const lelu = await testEngine()
  const tool = vi.fn()
  const confidence = async () => {
    await lelu.killSwitch.stop({ all: true })
    return signal
  }
  expect(await lelu.guard(unread, tool, { confidence })).toMatchObject({
    status: 'denied',
    decision: { reasons: [{ id: 'stopped' }] },
  })
  expect(tool).not.toHaveBeenCalled()
})

it.each([{}, { all: false }, { agent: '' }, { agent: 7 }, { agent: 'x', all: true }, null, 'all'])(
  'a stop of %j is refused, and stops nothing',
  async (scope) => {
    const lelu = await testEngine()
    await expect(lelu.killSwitch.stop(scope as never)).rejects.toMatchObject({
      code: 'LELU_REQUEST_INVALID',
    })
    expect(await lelu.killSwitch.isStopped({ all: true })).toBe(false)
  },
)

it('another agent goes on', async () => {
  const lelu = await testEngine()
  await lelu.killSwitch.stop({ agent: 'trader-2' })
  expect(await lelu.guard(trade(0.97), () => 'ran')).toMatchObject({ status: 'executed' })
})

it('stop and start hold in the order they are said, also within one moment', async () => {
  const clock = testClock()
  const lelu = await testEngine({ now: clock.now })
  const scope = { agent: 'trader-1' }
  const states: boolean[] = []
  for (const word of ['stop', 'start', 'stop', 'stop', 'start', 'start', 'stop'] as const) {
    await lelu.killSwitch[word](scope)
    states.push(await lelu.killSwitch.isStopped(scope))
  }
  expect(states).toEqual([true, false, true, true, false, false, true])
})

it('stands in the log with who and why', async () => {
  const directory = temporaryFolder()
  const lelu = await testEngine({ directory })
  await lelu.killSwitch.stop({ all: true }, { by: bob, reason: 'Drill.' })
  await lelu.killSwitch.start({ all: true })
  await lelu.close()
  const found: unknown[] = []
  for await (const { record } of readRecords({ directory: `${directory}/audit` })) {
    const { kind, scope, reason, reviewer } = record as Record<string, unknown>
    if (String(kind).startsWith('switch.')) found.push({ kind, scope, reason, reviewer })
  }
  expect(found).toEqual([
    { kind: 'switch.stopped', scope: 'all', reason: 'Drill.', reviewer: bob },
    { kind: 'switch.started', scope: 'all', reason: 'no reason given', reviewer: null },
  ])
})

it.each([{}, { agent: '' }, { all: false }, { user: 'alice' }])(
  '%j is nothing to stop',
  async (scope) => {
    const lelu = await testEngine()
    await expect(lelu.killSwitch.stop(scope as never)).rejects.toMatchObject({
      code: 'LELU_REQUEST_INVALID',
    })
  },
)

it('takes null for no options: a stop that somebody needs now must not fail over that', async () => {
  const lelu = await testEngine()
  await lelu.killSwitch.stop({ agent: 'trader-1' }, null as never)
  expect(await lelu.killSwitch.isStopped({ agent: 'trader-1' })).toBe(true)
  await lelu.killSwitch.start({ agent: 'trader-1' }, null as never)
  expect(await lelu.killSwitch.isStopped({ agent: 'trader-1' })).toBe(false)
})

it.each([
  ['of 1025 characters', 'x'.repeat(1025)],
  ['with a zero character', 'x\0'],
  ['with half a character', 'x\ud800'],
])(
  'an agent that no call can have, %s, is not stopped, and no log says that it is',
  async (_what, agent) => {
    const lelu = await testEngine()
    const append = vi.spyOn(lelu.audit, 'append')
    const refused = { code: 'LELU_REQUEST_INVALID', details: { path: 'scope.agent' } }
    for (const word of ['stop', 'start', 'isStopped'] as const)
      await expect(lelu.killSwitch[word]({ agent })).rejects.toMatchObject(refused)
    expect(append).not.toHaveBeenCalled()
  },
)
