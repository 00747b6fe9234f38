import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sqliteApprovalStore } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../support.ts'

it.skipIf(process.platform === 'win32')(
  'a new database is for its owner alone with all its files, whatever the folder allows',
  async () => {
    const folder = temporaryFolder()
    const before = process.umask(0o022)
    try {
      const store = sqliteApprovalStore({ path: join(folder, 'approvals.db') })
      const modes = readdirSync(folder).map((name) => [
        name,
        statSync(join(folder, name)).mode & 0o777,
      ])
      expect(Object.fromEntries(modes)).toEqual({
        'approvals.db': 0o600,
        'approvals.db-shm': 0o600,
        'approvals.db-wal': 0o600,
      })
      await store.close()
    } finally {
      process.umask(before)
    }
  },
)

it('a URL is no path: SQLite would open another file than the one that was made, or none', () => {
  const refused = expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' })
  for (const path of ['file::memory:', 'file:/tmp/a.db?mode=memory']) {
    expect(() => sqliteApprovalStore({ path })).toThrow(refused)
  }
})
