import { LeluError } from '../errors.ts'

/** Of `sqliteStore`. */
export type SqliteStoreOptions = {
  /** The file; made with its folder when it is not there. */
  path: string
  /** Milliseconds to wait for another process that writes, at most. Default: as long as the engine waits for a write. */
  busyTimeoutMs?: number
}

function invalid(message: string, help: string): LeluError {
  return new LeluError('LELU_OPTIONS_INVALID', message, { help })
}

function checkPath(path: unknown): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw invalid(
      'The path of an SQLite file must be a non-empty string.',
      "Pass it as sqliteStore({ path: './approvals.db' }); of a URL the path, by fileURLToPath.",
    )
  }
  if (path === ':memory:') {
    throw new LeluError(
      'LELU_STORE_UNSAFE',
      'SQLite in memory is not safe for approvals: it is gone with the process.',
      {
        help: 'Give it the path of a file; or use `new Keyv()` for a trial in one process.',
      },
    )
  }
  if (!path.startsWith('file:')) return
  throw invalid(
    'The path of an SQLite file begins with `file:`.',
    'Pass the path itself. SQLite would take this for a URL, which may name a database in memory.',
  )
}

/** Throws `LELU_OPTIONS_INVALID` for what is no file or no time, and `LELU_STORE_UNSAFE` for one in memory. */
export function checkSqliteOptions(options: SqliteStoreOptions): void {
  const { path, busyTimeoutMs } = (options ?? {}) as Partial<SqliteStoreOptions>
  checkPath(path)
  // Not a number, it would be compared with times, and whoever waits would wait for ever or not at all.
  if (busyTimeoutMs === undefined || (Number.isInteger(busyTimeoutMs) && busyTimeoutMs >= 0)) return
  throw invalid(
    'The option `busyTimeoutMs` must be a whole number of milliseconds, 0 or more.',
    'Correct it, or leave it out for the default.',
  )
}
