import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { fromKeyv, type Lelu } from '../../src/index.ts'
import { approved, temporaryFolder, testEngine } from '../support.ts'

/** Two engines over one store; `meanwhile` is played right before the first one's claim is written. */
async function racing(meanwhile: (second: Lelu, id: string) => Promise<unknown>) {
  const driver = fromKeyv(new Keyv())
  const directory = temporaryFolder()
  const adapter = {
    get: async () => undefined,
    set: async () => true,
    delete: async () => true,
    clear: async () => {},
  }
  const storeOf = (swap: typeof driver.swap) =>
    new Keyv({ store: { ...adapter, [Symbol.for('lelu.approval-store')]: { ...driver, swap } } })
  const second = await testEngine({ directory, store: storeOf(driver.swap) })
  const id = await approved(second)
  let played = false
  const first = await testEngine({
    directory,
    store: storeOf(async (rev, next) => {
      if (!played) {
        played = true
        await meanwhile(second, id)
      }
      return driver.swap(rev, next)
    }),
  })
  return { first, second, id }
}

describe('an approval that others change at the moment of its claim', () => {
  it('runs once, and a token that was minted meanwhile is spent with it', async () => {
    let token = ''
    const { first, second, id } = await racing(async (other, approval) => {
      ;({ token } = await other.tokens.mint(approval))
    })
    const tool = vi.fn(() => 'once')
    expect(await first.resume(id, tool)).toMatchObject({ status: 'executed', value: 'once' })
    expect(await second.tokens.introspect(token)).toEqual({ active: false })
    expect(await second.resume(id, tool)).toMatchObject({ status: 'executed', replayed: true })
    expect(tool).toHaveBeenCalledOnce()
  })

  it.each<[string, (second: Lelu, id: string) => Promise<unknown>]>([
    ['revoked', (second, id) => second.tokens.revoke({ approval: id })],
    ['cancelled', (second, id) => second.approvals.cancel(id)],
  ])('does not run when it was %s', async (state, meanwhile) => {
    const { first, second, id } = await racing(meanwhile)
    const tool = vi.fn()
    expect(await first.resume(id, tool)).toMatchObject({ status: 'denied' })
    expect(await second.approvals.get(id)).toMatchObject({ state })
    expect(tool).not.toHaveBeenCalled()
  })

  it('does not run when another process has claimed it', async () => {
    const tool = vi.fn(() => 'once')
    const { first, id } = await racing((second, approval) => second.resume(approval, tool))
    expect(await first.resume(id, tool)).toMatchObject({ status: 'executed', replayed: true })
    expect(tool).toHaveBeenCalledOnce()
  })

  it('is an error when it is changed each time', async () => {
    const driver = fromKeyv(new Keyv())
    const store = {
      ...{ get: async () => undefined, set: async () => true },
      ...{ delete: async () => true, clear: async () => {} },
    }
    let ready = false
    const swap: typeof driver.swap = async (rev, next) =>
      ready ? 'conflict' : driver.swap(rev, next)
    const lelu = await testEngine({
      store: new Keyv({
        store: { ...store, [Symbol.for('lelu.approval-store')]: { ...driver, swap } },
      }),
    })
    const id = await approved(lelu)
    ready = true
    const tool = vi.fn()
    await expect(lelu.resume(id, tool)).rejects.toMatchObject({ code: 'LELU_APPROVAL_CONFLICT' })
    expect(tool).not.toHaveBeenCalled()
  })
})
