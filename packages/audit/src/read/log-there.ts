import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditError, unreadable } from '../errors.ts'
import { ownersFolder, streamPattern } from '../folder/folder.ts'

/** Where the log is, seen from the folders that are named instead of it. */
const logBelow = ['audit', join('.lelu', 'audit')]

/** The folder of an archive: below it lies everything. */
export const archiveFolder = 'v1'

/**
 * A log that is not there, or was wiped, must not read as an empty one, and no other folder as a log. Every log holds
 * who writes it before anything else, so a new one is known before its first record.
 */
export async function assertLogThere(directory: string): Promise<void> {
  if (isLog(await namesIn(directory))) return
  const below = await findBelow(directory)
  throw notFound(
    `${directory} is not an audit log: it holds no stream of records.`,
    below === undefined
      ? 'Pass the folder of the log, such as .lelu/audit. If this was one, its records were removed.'
      : `Did you mean ${below}?`,
  )
}

/** For those who wait for records: a log may be about to begin in an empty folder. */
export async function assertFolderThere(directory: string): Promise<void> {
  await namesIn(directory)
}

function isLog(names: readonly string[]): boolean {
  return names.some(
    (name) => name === ownersFolder || name === archiveFolder || streamPattern.test(name),
  )
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((cause: NodeJS.ErrnoException) => {
    // What this user may not see is there, perhaps.
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw unreadable(directory, cause)
    throw notFound(
      `There is no audit log at ${directory}.`,
      'Pass the folder of the log, such as .lelu/audit.',
      cause,
    )
  })
}

async function findBelow(directory: string): Promise<string | undefined> {
  for (const name of logBelow) {
    const names = await readdir(join(directory, name)).catch(() => [])
    if (isLog(names)) return join(directory, name)
  }
  return undefined
}

function notFound(message: string, help: string, cause?: unknown): AuditError {
  return new AuditError('LELU_AUDIT_NOT_FOUND', message, { help, cause })
}
