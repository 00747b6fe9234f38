import { isBusy } from './busy.ts'
import { loadSqlite } from './load-sqlite.ts'

/**
 * Locks a file of its own, which stays, and answers what unlocks it; undefined while another one holds it. It is SQLite's lock,
 * by the system: it ends with its process, however that ends, and nobody has to tell a dead one from a slow one.
 */
export function sqliteLock(path: string): (() => void) | undefined {
  const { DatabaseSync } = loadSqlite()
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('BEGIN EXCLUSIVE')
    return () => database.close()
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw error
  }
}
