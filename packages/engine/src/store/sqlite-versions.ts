import { LeluError } from '../errors.ts'

/** Of the tables in an SQLite file, whichever of the two drivers made them. */
export const schemaVersion = 2

/** The one driver keeps the version here. As a floating-point number: a larger one is no error, and newer all the same. */
export const metaVersion: string =
  "SELECT CAST(value AS REAL) AS version FROM lelu_meta WHERE name = 'schema'"

/** The other keeps it in the file, which is its own: so it is where this table is. Elsewhere the number is the user's. */
export const ownFileTable = 'lelu_keyv'

const find = (type: 'table' | 'index', names: readonly string[]): string =>
  `SELECT name FROM sqlite_master WHERE type = '${type}' AND name IN (${names.map((name) => `'${name}'`).join(', ')})`

/** Which of these tables are there. */
export const findTables = (names: readonly string[]): string => find('table', names)

export const findIndexes = (names: readonly string[]): string => find('index', names)

/**
 * Throws `LELU_STORE_CORRUPT` for a newer version. The same file may be used through either driver, so each looks at both
 * marks: what a newer Lelu keeps in the tables, this one would overlook.
 */
export function refuseNewer(place: string, version: unknown): void {
  if (!(Number(version) > schemaVersion)) return
  throw new LeluError(
    'LELU_STORE_CORRUPT',
    `${place} was made by a newer Lelu (schema ${version}, this one knows ${schemaVersion}).`,
    { help: 'Update Lelu, or give it another file.' },
  )
}
