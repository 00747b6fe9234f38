import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { newKeyRing } from '../../src/index.ts'
import { storeClock } from '../../src/store/clock.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { approved, bob, testClock, testEngine } from '../support.ts'

const refused = { details: { reason: 'token_revoked' } }

describe('a revocation', () => {
  it('holds for what was approved before the clock of the host was set back', async () => {
    const clock = testClock()
    const lelu = await testEngine({ store: new Keyv(), now: clock.now })
    const id = await approved(lelu)
    clock.advance(-10_000)
    await lelu.tokens.revoke({ agent: 'trader-1' })
    const tool = vi.fn()
    await expect(lelu.resume(id, tool)).rejects.toMatchObject(refused)
    expect(tool).not.toHaveBeenCalled()
  })

  it('holds for a grant that was made before the clock of the host was set back', async () => {
    const clock = testClock()
    const lelu = await testEngine({ store: new Keyv(), now: clock.now })
    const terms = { reviewer: bob, expiresInMs: 3_600_000, maxUses: 3 }
    await lelu.grants.create(await approved(lelu), terms)
    clock.advance(-10_000)
    await lelu.tokens.revoke({ user: 'alice' })
    expect((await lelu.approvals.list({ state: 'pending' })).approvals).toEqual([])
    const next = await approved(lelu, { id: 'next' })
    expect((await lelu.approvals.get(next)).state).toBe('approved') // it was asked again
  })
})

describe('the clock of a database that answers slowly', () => {
  const told = 1_000_000

  async function slowClock() {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] })
    try {
      const asking = async () => {
        await vi.advanceTimersByTimeAsync(1000)
        return told
      }
      const clock = storeClock({ clock: asking } as never, () => 0, 5000)
      await clock.refresh()
      return { now: clock.now(), earliest: clock.earliest(), latest: clock.latest() }
    } finally {
      vi.useRealTimers()
    }
  }

  // What it told was true at some moment of that second: an approval is dated no later, a revocation no earlier.
  it('dates what is allowed before it, and what is revoked behind it', async () => {
    expect(await slowClock()).toEqual({ now: told + 1000, earliest: told, latest: told + 1000 })
  })
})

// Its host slept, or the database was set forward: between two uses nothing reads the clock of the database.
it('a revocation holds for what was approved while the process that revokes was idle', async () => {
  let ahead = 0
  const driver = Object.assign(memoryStore(), { clock: async () => Date.now() + ahead })
  const adapter = { [Symbol.for('lelu.approval-store')]: driver }
  const shared = {
    keys: newKeyRing(0),
    store: { store: adapter, get: async () => undefined } as never,
  }
  const operator = await testEngine(shared)
  ahead = 3_600_000
  const worker = await testEngine(shared)
  const id = await approved(worker)
  await operator.tokens.revoke({ agent: 'trader-1' }, { by: bob })
  const tool = vi.fn()
  await expect(worker.resume(id, tool)).rejects.toMatchObject(refused)
  expect(tool).not.toHaveBeenCalled()
})
