import { type SqliteApprovalStore, sqliteApprovalStore } from './sqlite.ts'
import type { SqliteStoreOptions } from './sqlite-options.ts'
import type { ApprovalStore } from './store.ts'

/** Where `fromKeyv` finds the atomic driver of a storage adapter of ours. */
export const approvalDriver: unique symbol = Symbol.for('lelu.approval-store') as never

/** What Keyv asks of a storage adapter at least; Keyv bridges the rest. */
export type SqliteKeyvStore = {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<boolean>
  delete(key: string): Promise<boolean>
  clear(): Promise<void>
  disconnect(): Promise<void>
  readonly [approvalDriver]: ApprovalStore & Partial<Pick<SqliteApprovalStore, 'within'>>
}

/**
 * A Keyv storage adapter on Node's own SQLite: `new Keyv({ store: sqliteStore({ path }) })`.
 * Approvals go through its atomic driver, never through Keyv's get and set.
 */
export function sqliteStore(options: SqliteStoreOptions): SqliteKeyvStore {
  const driver = sqliteApprovalStore(options)
  const { database } = driver
  return {
    [approvalDriver]: driver,
    async get(key) {
      const row = database.prepare('SELECT value FROM lelu_keyv WHERE key = ?').get(key)
      return row?.value as string | undefined
    },
    set: (key, value) =>
      driver.write('setting a key', () => {
        const sql = 'INSERT OR REPLACE INTO lelu_keyv (key, value) VALUES (?, ?)'
        database.prepare(sql).run(key, value)
        return true
      }),
    delete: (key) =>
      driver.write('deleting a key', () => {
        return database.prepare('DELETE FROM lelu_keyv WHERE key = ?').run(key).changes === 1
      }),
    clear: () => driver.write('deleting all keys', () => database.exec('DELETE FROM lelu_keyv')),
    disconnect: () => driver.close(),
  }
}
