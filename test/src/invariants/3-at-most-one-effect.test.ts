import { fromKeyv, type LeluError } from '@lelu/engine'
import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../support/processes.ts'
import { approve, engine } from './support.ts'

// Two real processes and real kills: ../race and ../crash.
describe('invariant 3: at most one effect for each approval', () => {
  it('though fifty resumes come at once', async () => {
    const lelu = await engine()
    const id = await approve(lelu)
    const tool = vi.fn(() => 'once')
    await Promise.allSettled(Array.from({ length: 50 }, () => lelu.resume(id, tool)))
    expect(tool).toHaveBeenCalledOnce()
  })

  it('though every reply of the store is lost after the write was made', async () => {
    const driver = fromKeyv(new Keyv())
    let losing = false
    const lossy = {
      ...driver,
      swap: async (rev: number, next: never) => {
        const done = await driver.swap(rev, next)
        if (losing) throw new Error('connection reset')
        return done
      },
    }
    const adapter = {
      get: async () => undefined,
      set: async () => true,
      delete: async () => true,
      clear: async () => {},
    }
    const store = new Keyv({ store: { ...adapter, [Symbol.for('lelu.approval-store')]: lossy } })
    const lelu = await engine({ store })
    const id = await approve(lelu)
    losing = true
    const tool = vi.fn(() => 'once')
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => lelu.resume(id, tool)),
    )
    expect(tool).toHaveBeenCalledOnce()
    // And somebody knows that he won: the read-back of the attempt id says so.
    expect(outcomes.some((o) => o.status === 'fulfilled' && o.value.status === 'executed')).toBe(
      true,
    )
    expect((await lelu.approvals.get(id)).state).toBe('completed')
  })

  it('though a spent token is presented again through the engine of another process', async () => {
    const shared = { store: new Keyv(), directory: temporaryFolder() }
    const [first, second] = [await engine(shared), await engine(shared)]
    const id = await approve(first)
    const { token } = await first.tokens.mint(id)
    const tool = vi.fn(() => 'once')
    await first.resume(id, tool)
    expect(await second.resume(id, tool)).toMatchObject({ replayed: true })
    expect(await second.tokens.introspect(token)).toEqual({ active: false })
    await expect(second.tokens.mint(id)).rejects.toMatchObject({ code: 'LELU_APPROVAL_STATE' })
    expect(tool).toHaveBeenCalledOnce()
  })

  it('though the tool is slow: its lease is renewed while it runs', async () => {
    // Renewed each second: a machine that stands still for two is no process that died.
    const leaseMs = 3000
    const shared = { store: new Keyv(), directory: temporaryFolder(), leaseMs }
    const [first, second] = [await engine(shared), await engine(shared)]
    const id = await approve(first)
    let finish = () => {}
    const tool = vi.fn(() => new Promise<string>((resolve) => (finish = () => resolve('once'))))
    const running = first.resume(id, tool)
    await vi.waitFor(
      async () => expect((await first.approvals.get(id)).state).toBe('executing'),
      30_000,
    )
    const started = (await first.approvals.get(id)).attempt?.leaseUntil ?? 0
    await vi.waitFor(
      async () =>
        expect((await first.approvals.get(id)).attempt?.leaseUntil).toBeGreaterThan(
          started + leaseMs,
        ),
      30_000,
    )
    const refused = (await second.resume(id, tool).catch((error: LeluError) => error)) as LeluError
    expect(refused.code).toBe('LELU_APPROVAL_EXECUTING')
    finish()
    expect(await running).toMatchObject({ status: 'executed', value: 'once' })
    expect(tool).toHaveBeenCalledOnce()
  })
})
