import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { sqliteApprovalStore } from '../../src/store/sqlite.ts'
import { selectPage } from '../../src/store/sqlite-lists.ts'
import { temporaryFolder } from '../support.ts'

function openStore(path: string) {
  const store = sqliteApprovalStore({ path })
  onTestFinished(() => store.close())
  return store
}

function planOf(path: string, query: { tenant?: string; state?: 'pending' }): string {
  const database = new DatabaseSync(path)
  const { sql, values } = selectPage({ ...query, limit: 50 })
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
  database.close()
  return plan.map(({ detail }) => detail).join('; ')
}

const tenant = 'acme'
const state = 'pending'

describe('a page of approvals in an SQLite file', () => {
  // 2 s for one of a tenant with one approval beside 100,000 of another, and nobody else was served meanwhile.
  it.each([
    [{ tenant, state } as const, 'lelu_approval_tenant_state (tenant=? AND state=? AND id>?)'],
    [{ tenant }, 'lelu_approval_tenant (tenant=? AND id>?)'],
    [{ state } as const, 'lelu_approval_state (state=? AND id>?)'],
    [{}, 'PRIMARY KEY (id>?)'],
  ])('is read from where nothing else is: %j', (query, index) => {
    const path = `${temporaryFolder()}/approvals.db`
    openStore(path)
    expect(planOf(path, query)).toContain(index)
    expect(planOf(path, query)).not.toContain('TEMP B-TREE')
  })

  it('is so too in a file of before there were these indexes', async () => {
    const path = `${temporaryFolder()}/approvals.db`
    await sqliteApprovalStore({ path }).close()
    const database = new DatabaseSync(path)
    database.exec('DROP INDEX lelu_approval_tenant; DROP INDEX lelu_approval_tenant_state')
    database.close()
    openStore(path)
    expect(planOf(path, { tenant, state })).toContain('lelu_approval_tenant_state')
    expect(planOf(path, { tenant })).toContain('lelu_approval_tenant ')
  })
})
