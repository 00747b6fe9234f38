import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { LeluError } from '../errors.ts'
import { busyPauseMs, isBusy } from './busy.ts'
import { addDue, fillDue, findDue, indexDue } from './sqlite-due.ts'
import { indexLists, listIndexes } from './sqlite-lists.ts'
import { type AssertInPlace, fileInPlace } from './sqlite-place.ts'
import {
  findIndexes,
  findTables,
  metaVersion,
  ownFileTable,
  refuseNewer,
  schemaVersion,
} from './sqlite-versions.ts'
import { storeError } from './store-error.ts'

type Sqlite = typeof import('node:sqlite')

let sqlite: Sqlite | undefined

/** Node warns once that its SQLite is experimental; users of Lelu can do nothing about it, so it is not shown. */
function loadSqlite(): Sqlite {
  if (sqlite !== undefined) return sqlite
  const emitWarning = process.emitWarning
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes('SQLite')) return
    ;(emitWarning as (...all: unknown[]) => void).call(process, warning, ...rest)
  }) as typeof process.emitWarning
  try {
    // Not by `require`: a bundler (Next's) would look for it in a package.
    sqlite = process.getBuiltinModule('node:sqlite')
  } finally {
    process.emitWarning = emitWarning
  }
  // One that was built, or started, without it.
  if (sqlite === undefined) throw new Error('This Node has no node:sqlite')
  return sqlite
}

const firstVersion = `
CREATE TABLE IF NOT EXISTS lelu_approval (
  id TEXT PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL, rev INTEGER NOT NULL, idem TEXT,
  created_at INTEGER NOT NULL, attempt TEXT NOT NULL, audited INTEGER NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS lelu_approval_call ON lelu_approval (tenant, idem) WHERE idem IS NOT NULL;
CREATE TABLE IF NOT EXISTS lelu_watermark (scope TEXT PRIMARY KEY, not_before INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lelu_keyv (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

const tables = ['lelu_approval', 'lelu_watermark', ownFileTable]

/** The version of the tables, 0 of none. Throws `LELU_STORE_CORRUPT` for a newer one, and for what are none of ours. */
function versionOf(database: DatabaseSync, path: string): number {
  // First: a process that makes the tables at this moment commits both at once.
  const row = database.prepare('PRAGMA user_version').get() as { user_version: number }
  const found = database.prepare(findTables([...tables, 'lelu_meta'])).all()
  const names = found.map(({ name }) => name)
  if (names.includes('lelu_meta')) {
    refuseNewer(`The database ${path}`, database.prepare(metaVersion).get()?.version)
  }
  if (row.user_version === 0) return 0
  const missing = tables.filter((name) => !names.includes(name))
  if (missing.length > 0) throw foreign(path, missing)
  refuseNewer(`The database ${path}`, row.user_version)
  return row.user_version
}

function foreign(path: string, missing: string[]): LeluError {
  return new LeluError(
    'LELU_STORE_CORRUPT',
    `The database ${path} has a version (PRAGMA user_version), but no table ${missing.join(', ')}.`,
    {
      help: 'It belongs to another program, or somebody removed tables of Lelu: give Lelu a file of its own, or restore a backup.',
    },
  )
}

/** Files of before have one index only. */
function hasListIndexes(database: DatabaseSync): boolean {
  return database.prepare(findIndexes(listIndexes)).all().length === listIndexes.length
}

/** All or nothing: who closes the database before the commit has changed nothing. */
function makeTables(database: DatabaseSync, path: string): void {
  if (versionOf(database, path) === schemaVersion && hasListIndexes(database)) return
  // One process makes the tables, another that starts with it waits for the lock and finds them.
  database.exec('BEGIN IMMEDIATE')
  const version = versionOf(database, path)
  if (version < 1) database.exec(firstVersion)
  if (version < 2) {
    // It is there already when the same file was used through @keyv/sqlite, whose version is kept elsewhere.
    if (database.prepare(findDue).get() === undefined) database.exec(addDue)
    database.exec(`${fillDue}; ${indexDue}`)
  }
  database.exec(`${indexLists.join('; ')}; PRAGMA user_version = ${schemaVersion}; COMMIT`)
}

/**
 * SQLite does not wait when two processes turn the same new file to WAL at once: each has a shared lock and wants the
 * other to go, so one is told "database is locked" at once, whatever its busy timeout. So it tries again.
 */
function turnToWal(database: DatabaseSync, busyTimeoutMs: number): void {
  const giveUpAt = performance.now() + busyTimeoutMs
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyPauseMs())
    }
  }
}

/** SQLite gives the files beside its own the mode that its own has by then, and the newest inputs are in those. */
function makeForOwner(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch {
    // It is there already, or cannot be made: then SQLite says why.
  }
}

/**
 * Opens (and makes) the file: WAL, every commit on disk. Here it waits at most `busyTimeoutMs` for another process; from
 * then on not at all.
 */
export function openDatabase(
  path: string,
  busyTimeoutMs: number,
): { database: DatabaseSync; assertInPlace: AssertInPlace } {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const { DatabaseSync } = loadSqlite()
    makeForOwner(path)
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs })
    try {
      turnToWal(database, busyTimeoutMs)
      database.exec('PRAGMA synchronous = FULL')
      makeTables(database, path)
      database.exec('PRAGMA busy_timeout = 0')
      // Inputs of tools are in it: nobody but the owner reads them.
      chmodSync(path, 0o600)
      return { database, assertInPlace: fileInPlace(path) }
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    throw storeError(error, `opening ${path}`)
  }
}
