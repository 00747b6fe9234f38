import { Keyv } from 'keyv'
import { describe, expect, it, vi } from 'vitest'
import { fromKeyv, type StoredRow } from '../../src/index.ts'
import { approved, bob, suspended, testEngine, trade } from '../support.ts'

/** An engine, and the driver below it, which a test may make answer what a database may that somebody has rebuilt. */
async function engineAndDriver() {
  const store = new Keyv()
  const lelu = await testEngine({ store })
  const driver = fromKeyv(store)
  const { get, findByCall, create, list } = driver
  return { lelu, driver, asItWas: { get, findByCall, create, list } }
}

const altered = { code: 'LELU_APPROVAL_ALTERED' }

// By a view in the place of the table, or a column that takes capitals for small letters (citext, COLLATE NOCASE), a database
// answers rows that were not asked for, each with a seal that holds.
describe('a sealed row that was not asked for', () => {
  it('is not taken for the one of that id', async () => {
    const { lelu, driver, asItWas } = await engineAndDriver()
    const harmless = await approved(lelu, { id: 'call-1' }, { run: 'run-1' })
    const waiting = await suspended(lelu, { id: 'call-2', input: { amount: 1 } }, { run: 'run-1' })
    driver.get = (id) => asItWas.get(id === waiting ? harmless : id)
    const tool = vi.fn()
    await expect(lelu.resume(waiting, tool)).rejects.toMatchObject(altered)
    await expect(lelu.approvals.get(waiting)).rejects.toMatchObject(altered)
    const vote = { verdict: 'approve' as const, reviewer: bob }
    await expect(lelu.approvals.review(waiting, vote)).rejects.toMatchObject(altered)
    expect(tool).not.toHaveBeenCalled()
  })

  it('is not taken for the one of that call: the yes to one run is none for another', async () => {
    const { lelu, driver, asItWas } = await engineAndDriver()
    await approved(lelu, { id: 'call-1' }, { run: 'run-a' })
    driver.findByCall = (tenant, idem, scopes) =>
      asItWas.findByCall(tenant, idem.toLowerCase(), scopes)
    const tool = vi.fn()
    const later = trade(0.85, { id: 'Call-1' }, { run: 'Run-A' })
    await expect(lelu.guard(later, tool)).rejects.toMatchObject(altered)
    expect(tool).not.toHaveBeenCalled()
  })

  it('is not taken for the one of that call when it is in the way of a new one', async () => {
    const { lelu, driver, asItWas } = await engineAndDriver()
    const id = await approved(lelu, { id: 'call-1' }, { run: 'run-a' })
    driver.create = async () => ({
      created: false,
      row: (await asItWas.get(id)) as StoredRow,
    })
    const tool = vi.fn()
    const later = trade(0.85, { id: 'Call-1' }, { run: 'Run-A' })
    await expect(lelu.guard(later, tool)).rejects.toMatchObject(altered)
    expect(tool).not.toHaveBeenCalled()
  })

  it('of another tenant is not shown in a list, and hides none of it', async () => {
    const { lelu, driver, asItWas } = await engineAndDriver()
    const others = await suspended(lelu, {}, { tenant: 'ACME' })
    const own = await suspended(lelu, {}, { tenant: 'acme' })
    driver.list = ({ tenant: _, ...query }) => asItWas.list(query)
    const page = await lelu.approvals.list({ tenant: 'acme' })
    expect(page.approvals.map(({ id }) => id)).toEqual([own])
    expect(page.altered).toEqual([others])
  })

  it('is no standing grant of other calls', async () => {
    const { lelu, driver, asItWas } = await engineAndDriver()
    const id = await approved(lelu, { id: 'call-1' }, { run: 'run-1' })
    await lelu.grants.create(id, { reviewer: bob, expiresInMs: 60_000, maxUses: 5 })
    const [granted] = (await asItWas.list({ state: 'standing', limit: 1 })) as [StoredRow]
    driver.findByCall = async (tenant, idem, scopes) => {
      const found = await asItWas.findByCall(tenant, idem, scopes)
      return idem.startsWith('["standing"') ? { ...found, row: granted } : found
    }
    const tool = vi.fn()
    const other = trade(0.85, { id: 'call-2', input: { amount: 999 } }, { run: 'run-1' })
    await expect(lelu.guard(other, tool)).rejects.toMatchObject(altered)
    expect(tool).not.toHaveBeenCalled()
  })
})
