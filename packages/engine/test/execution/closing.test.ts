import { setTimeout } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { holdCall } from '../../src/adapter/index.ts'
import { createLelu, type LeluOptions } from '../../src/index.ts'
import { approved, overview, policyOf, temporaryFolder, testEngine, trade } from '../support.ts'

/** An engine with a tool that is at work until it is told to end. */
async function atWork(options: Partial<LeluOptions> = {}) {
  const directory = temporaryFolder()
  const lelu = await createLelu({ directory, policies: overview, ...options })
  const begun = Promise.withResolvers<void>()
  const done = Promise.withResolvers<string>()
  const tool = () => {
    begun.resolve()
    return done.promise
  }
  return { directory, lelu, tool, begun: begun.promise, done }
}

const closed = { code: 'LELU_ENGINE_CLOSED' }

test('closing waits for the tool of an approved call, so that how it ended is on record', async () => {
  const { directory, lelu, tool, begun, done } = await atWork()
  const id = await approved(lelu)
  const resumed = lelu.resume(id, tool)
  await begun
  const closing = lelu.close()
  expect(lelu.closing.aborted).toBe(true)
  const late = vi.fn()
  await expect(lelu.guard(trade(0.97), late)).rejects.toMatchObject(closed)
  await expect(lelu.resume(id, late)).rejects.toMatchObject(closed)
  await setTimeout(100) // longer than the store and the log take to close
  done.resolve('bought')
  expect(await resumed).toMatchObject({ status: 'executed', value: 'bought' })
  await closing
  const next = await createLelu({ directory, policies: overview })
  expect(await next.resume(id, late)).toMatchObject({ replayed: true, value: 'bought' })
  expect(late).not.toHaveBeenCalled()
  await next.close()
})

test('closing waits for the tool of an allowed call', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const { lelu, tool, begun, done } = await atWork()
  const guarded = lelu.guard(trade(0.97), tool)
  await begun
  const closing = lelu.close()
  await setTimeout(100) // longer than the store and the log take to close
  done.resolve('bought')
  expect(await guarded).toMatchObject({ status: 'executed', value: 'bought' })
  await closing
  expect(warned).not.toHaveBeenCalled()
  warned.mockRestore()
})

test('closing does not wait for a tool for ever', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const { lelu, tool, begun, done } = await atWork({ closeWithinMs: 20 })
  const guarded = lelu.guard(trade(0.97), tool)
  await begun
  await lelu.close()
  done.resolve('bought late')
  // The tool has run: its answer is answered, and a warning says that it is not on record.
  expect(await guarded).toMatchObject({ status: 'executed', value: 'bought late' })
  expect(warned).toHaveBeenCalledWith(expect.anything(), { code: 'LELU_OUTCOME_UNRECORDED' })
  warned.mockRestore()
})

test('closing ends a call that its framework holds and has not executed', async () => {
  const lelu = await testEngine({ policies: policyOf(() => ({ effect: 'allow' })) })
  const call = { context: null, id: 'call-1', run: 'run-1', tool: 'trade', input: { amount: 5 } }
  const subject = { id: 'agent-1', type: 'agent' as const }
  const first = await holdCall<unknown, null>({ lelu, subject }, call)
  await lelu.close()
  const tool = vi.fn()
  expect('held' in first && first.held.start(tool)).toBe(undefined)
  expect(tool).not.toHaveBeenCalled()
})

test.each([-1, 0.5, '10 s', Number.NaN])('%j is no time to wait for', async (closeWithinMs) => {
  const opened = testEngine({ closeWithinMs: closeWithinMs as never })
  await expect(opened).rejects.toMatchObject({ code: 'LELU_OPTIONS_INVALID' })
})
