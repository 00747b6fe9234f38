import { storeSuite } from '@lelu/testing'
import { test } from 'vitest'

const native = await import('./suite-keyv-sqlite-4.ts').catch(() => undefined)

if (native !== undefined) storeSuite(native.keyvSqlite4, native.keyvSqlite4Module)
else {
  test.skip('approvals in @keyv/sqlite 4 (skipped: its native part, sqlite3, is not built here; version 6 is tested)', () => {})
}
