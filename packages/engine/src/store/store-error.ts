import { isLeluError, LeluError } from '../errors.ts'

const sqliteCorrupt = new Set([11, 26]) // SQLITE_CORRUPT, SQLITE_NOTADB
const sqliteHelp: Record<number, string> = {
  5: 'Another process held the database for too long. Try again; if it stays, find the process that holds it.',
  8: 'The database is read-only. Make its file and its folder writable for this user.',
  10: 'The disk gave an input/output error. Check the disk, then try again.',
  13: 'The disk is full. Free some space, then try again.',
  14: 'The file cannot be opened. Check that its folder exists and is writable for this user.',
}

/** By the codes of PostgreSQL, for what an operator can set right. */
const postgresHelp: Record<string, string> = {
  '22P05': 'The database cannot hold every character. Use one with the encoding UTF8.',
  '25006':
    'The database is set to be read-only (default_transaction_read_only), or has become a replica.',
  '28000': 'Check the user in the `uri` of the Keyv, and what the server asks of it.',
  '28P01': 'Check the user and the password in the `uri` of the Keyv.',
  '3D000': 'Create the database, or correct its name in the `uri` of the Keyv.',
  '42501':
    'The user of the database lacks a right. The first start, and an update, make tables: GRANT USAGE, CREATE ON SCHEMA to it, or give the Keyv a `schema` that is its own.',
}

/**
 * Any failure of a store as a coded error. Nothing is lost by it: the tool has not run, and may be tried again. `helps` by
 * SQLite's codes, for whom the usual ones do not say enough.
 */
export function storeError(
  error: unknown,
  doing: string,
  helps: Record<number, string> = {},
): Error {
  if (isLeluError(error)) return error
  const raw = error as { errcode?: number; code?: string; message?: string }
  const sqliteCode = typeof raw.errcode === 'number' ? raw.errcode & 0xff : undefined
  if (sqliteCode !== undefined && sqliteCorrupt.has(sqliteCode)) {
    return new LeluError(
      'LELU_STORE_CORRUPT',
      `The approvals database is damaged (${doing}): ${raw.message}.`,
      {
        help: 'Nothing was run or overwritten. Keep the file, restore a backup beside it, or move it away to start with an empty one.',
        cause: error,
      },
    )
  }
  const help =
    (sqliteCode !== undefined && { ...sqliteHelp, ...helps }[sqliteCode]) ||
    (Object.hasOwn(postgresHelp, raw.code ?? '') && postgresHelp[raw.code ?? '']) ||
    'Check that the database is up and that its folder is writable, then try again. No tool runs until the store answers.'
  return new LeluError(
    'LELU_STORE_UNAVAILABLE',
    `The approvals store failed (${doing}): ${raw.message ?? String(error)}.`,
    {
      help,
      cause: error,
    },
  )
}
