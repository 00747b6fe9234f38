import { Keyv } from 'keyv'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Lelu, ToolEffect } from '../../src/index.ts'
import { approved, temporaryFolder, testClock, testEngine } from '../support.ts'

const dana = { id: 'dana', issuer: 'test', method: 'test' }

/** A tool that runs until it is told what to answer. */
function heldTool() {
  const answer = Promise.withResolvers<string>()
  return { run: vi.fn(() => answer.promise), end: answer.resolve }
}

/** A call that the first engine runs past its lease, without a sign of life; the second one shares its store. */
async function overrun(effect: ToolEffect, leaseMs = 60_000) {
  const clock = testClock()
  const shared = { directory: temporaryFolder(), store: new Keyv(), now: clock.now, leaseMs }
  const [first, second] = (await Promise.all([testEngine(shared), testEngine(shared)])) as [
    Lelu,
    Lelu,
  ]
  const id = await approved(first, { effect })
  const tool = heldTool()
  const outcome = first.resume(id, tool.run)
  await vi.waitFor(() => expect(tool.run).toHaveBeenCalled(), 30_000)
  clock.advance(leaseMs + 1)
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => warned.mockRestore())
  return { first, second, id, tool, outcome, warned }
}

const unrecorded = [expect.anything(), { code: 'LELU_OUTCOME_UNRECORDED' }]

describe('an attempt that ends after its lease', () => {
  it('does not change what a person has to find out: the call stays unknown', async () => {
    const { second, id, tool, outcome, warned } = await overrun('non_idempotent')
    expect(await second.approvals.get(id)).toMatchObject({ state: 'unknown' })
    tool.end('late')
    expect(await outcome).toMatchObject({ status: 'executed', value: 'late' })
    expect(warned.mock.calls).toEqual([unrecorded])
    expect(await second.approvals.get(id)).toMatchObject({ state: 'unknown', result: null })
  })

  it('does not end the attempt of whoever took the call over', async () => {
    const { second, id, tool, outcome, warned } = await overrun('idempotent')
    const again = heldTool()
    const taken = second.resume(id, again.run)
    await vi.waitFor(() => expect(again.run).toHaveBeenCalled(), 30_000)
    tool.end('late')
    await outcome
    expect(warned.mock.calls).toEqual([unrecorded])
    const running = { state: 'executing', attempt: { number: 2 } }
    expect(await second.approvals.get(id)).toMatchObject(running)
    again.end('second')
    expect(await taken).toMatchObject({ status: 'executed', value: 'second' })
    expect(await second.approvals.get(id)).toMatchObject({ result: { value: 'second' } })
  })

  // The tool still awaits when the process wakes, so its lease is renewed before it ends.
  it('does not end the call when it wakes in the middle of it', async () => {
    const { second, id, tool, outcome, warned } = await overrun('non_idempotent', 60)
    expect(await second.approvals.get(id)).toMatchObject({ state: 'unknown' })
    await new Promise((next) => setTimeout(next, 100))
    tool.end('late')
    expect(await outcome).toMatchObject({ status: 'executed', value: 'late' })
    expect(warned.mock.calls).toEqual([unrecorded])
    expect(await second.approvals.get(id)).toMatchObject({ state: 'unknown', result: null })
  })

  it('does not take back what a person has let run again', async () => {
    const { second, id, tool, outcome } = await overrun('non_idempotent', 60)
    await second.approvals.get(id)
    const word = { as: 'retry' as const, reviewer: dana, reason: 'the bank has no such order' }
    expect(await second.approvals.reconcile(id, word)).toMatchObject({ state: 'approved' })
    await new Promise((next) => setTimeout(next, 100))
    tool.end('late')
    await outcome
    expect(await second.approvals.get(id)).toMatchObject({ state: 'approved', result: null })
  })
})
