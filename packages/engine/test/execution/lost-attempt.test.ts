import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import type { ToolEffect } from '../../src/index.ts'
import { recordsOf } from '../recorded/support.ts'
import { approved, temporaryFolder, testClock, testEngine } from '../support.ts'

describe('an attempt that was lost', () => {
  const lost = async (effect: ToolEffect) => {
    const clock = testClock()
    const options = {
      now: clock.now,
      leaseMs: 60_000,
      closeWithinMs: 0,
      store: new Keyv(),
      directory: temporaryFolder(),
    }
    const first = await testEngine(options)
    const id = await approved(first, { effect })
    // The process hangs in the tool for ever: its lease is not renewed, for its timers stand still too.
    vi.useFakeTimers({ toFake: ['setInterval'] })
    void first.resume(id, () => new Promise(() => {}))
    await vi.waitFor(
      async () => expect((await first.approvals.get(id)).state).toBe('executing'),
      30_000,
    )
    vi.useRealTimers()
    const { directory } = options
    return { id, clock, directory, second: await testEngine(options) }
  }

  it('is not taken over while its lease runs', async () => {
    const { id, second } = await lost('idempotent')
    const tool = vi.fn()
    await expect(second.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_EXECUTING' })
    expect(tool).not.toHaveBeenCalled()
  })

  it('is tried again past its lease when the tool does no harm twice', async () => {
    const { id, clock, second } = await lost('idempotent')
    clock.advance(60_000)
    expect(await second.resume(id, () => 'second')).toMatchObject({
      status: 'executed',
      value: 'second',
    })
    expect(await second.approvals.get(id)).toMatchObject({
      state: 'completed',
      attempt: { number: 2 },
    })
  })

  it('is unknown for good when the tool is not idempotent, and no resume runs it', async () => {
    const { id, clock, second } = await lost('non_idempotent')
    clock.advance(60_000)
    const tool = vi.fn()
    await expect(second.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_UNKNOWN' })
    await expect(second.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_UNKNOWN' })
    expect((await second.approvals.get(id)).state).toBe('unknown')
    expect(tool).not.toHaveBeenCalled()
  })

  it('is unknown, and in the log as well, when a further try is stopped', async () => {
    const { id, clock, directory, second } = await lost('idempotent')
    clock.advance(60_000)
    await second.killSwitch.stop({ all: true })
    expect((await second.resume(id, () => 'second')).status).toBe('denied')
    expect((await second.approvals.get(id)).state).toBe('unknown')
    await second.close()
    const outcomes = await recordsOf(directory, 'outcome')
    expect(outcomes).toMatchObject([{ refs: { approval: id }, result: { status: 'unknown' } }])
  })
})
