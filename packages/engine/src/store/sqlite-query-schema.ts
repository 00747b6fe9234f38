import { whileBusy } from './busy.ts'
import { addDue, fillDue, findDue, indexDue } from './sqlite-due.ts'
import { indexLists } from './sqlite-lists.ts'
import { type AssertInPlace, fileInPlace } from './sqlite-place.ts'
import type { Row } from './sqlite-rows.ts'
import {
  findTables,
  metaVersion,
  ownFileTable,
  refuseNewer,
  schemaVersion,
} from './sqlite-versions.ts'
import { unsafeStore } from './unsafe.ts'

/** `deadlineMs`: how long to wait for another process that writes. */
export type PrepareOptions = { deadlineMs: number; allowUnsafe: boolean }
export type Query = (sql: string, ...values: unknown[]) => Promise<Row[]>

/** One statement each. The version has a table of its own: `user_version` of the user's file is the user's. */
const firstVersion = [
  `CREATE TABLE IF NOT EXISTS lelu_approval (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL, rev INTEGER NOT NULL, idem TEXT,
    created_at INTEGER NOT NULL, attempt TEXT NOT NULL, audited INTEGER NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE UNIQUE INDEX IF NOT EXISTS lelu_approval_call ON lelu_approval (tenant, idem) WHERE idem IS NOT NULL',
  ...indexLists,
  'CREATE TABLE IF NOT EXISTS lelu_watermark (scope TEXT PRIMARY KEY, not_before INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  'CREATE TABLE IF NOT EXISTS lelu_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID',
  "INSERT OR IGNORE INTO lelu_meta VALUES ('schema', 1)",
]

/**
 * After the column is there. The version comes last, so that a process that dies before it leaves the rest to the next; and
 * no row is touched once it is there: whoever comes late must not undo what was written since.
 */
const secondVersion = [
  `${fillDue} AND (SELECT value FROM lelu_meta WHERE name = 'schema') < 2`,
  indexDue,
  "UPDATE lelu_meta SET value = 2 WHERE name = 'schema' AND value < 2",
]

/** Undefined before there are tables. Throws `LELU_STORE_CORRUPT` for a newer one. */
async function versionIn(query: Query): Promise<number | undefined> {
  const found = (await query(findTables(['lelu_meta', ownFileTable]))).map(({ name }) => name)
  const place = 'The database of @keyv/sqlite'
  if (found.includes(ownFileTable)) {
    refuseNewer(place, (await query('PRAGMA user_version'))[0]?.user_version)
  }
  if (!found.includes('lelu_meta')) return undefined
  const version = (await query(metaVersion))[0]?.version
  refuseNewer(place, version)
  return version as number | undefined
}

/** SQLite has no ADD COLUMN IF NOT EXISTS, and between the look and the change another process may have made it. */
async function addColumn(query: Query): Promise<void> {
  const isThere = async () => (await query(findDue)).length > 0
  if (await isThere()) return
  try {
    await query(addDue)
  } catch (error) {
    if (!(await isThere())) throw error
  }
}

async function makeTables(query: Query): Promise<void> {
  if ((await versionIn(query)) === schemaVersion) return
  for (const statement of firstVersion) await query(statement)
  await addColumn(query)
  for (const statement of secondVersion) await query(statement)
  await versionIn(query) // a newer one may have been at it at the same time
}

/**
 * Checks that a commit is one, for what the disk may not have is none; then makes or migrates the tables. Answers how to
 * know that the file is still there.
 */
export async function prepare(
  raw: Query,
  { deadlineMs, allowUnsafe }: PrepareOptions,
): Promise<AssertInPlace> {
  // As many processes as start together wait for each other.
  const query: Query = (sql, ...values) => whileBusy(deadlineMs, () => raw(sql, ...values))
  await query('PRAGMA synchronous = FULL')
  const [journal] = await query('PRAGMA journal_mode')
  const mode = String(journal?.journal_mode)
  const [list] = await query('PRAGMA database_list')
  const { file } = list ?? {}
  if (mode === 'off' || mode === 'memory') {
    const why = file
      ? `its journal_mode is ${mode}, so a crash can damage the file`
      : 'it is in memory, and gone with the process'
    const help = 'Use a file, with the journal_mode wal or delete.'
    unsafeStore('The database of @keyv/sqlite', { why, help }, allowUnsafe)
  }
  await makeTables(query)
  return typeof file === 'string' && file !== '' ? fileInPlace(file) : () => {}
}
