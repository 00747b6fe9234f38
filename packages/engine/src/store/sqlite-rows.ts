import type { FoundCall, Marks, StoredRow } from './store.ts'

/** What both drivers of SQLite ask for, and how they read it. */
export type Row = Record<string, unknown>

export const columns = 'id, tenant, state, rev, idem, created_at, attempt, audited, due, body, seal'

/**
 * As they are read. A number that somebody made too large for JavaScript would be an error of the whole statement, and
 * so of every row beside it; as a floating-point number it is an altered row, or a hint.
 */
const readColumns = columns.replaceAll(
  /\b(rev|created_at|audited|due)\b/g,
  'CAST($1 AS REAL) AS $1',
)

/** `where`: what follows, from WHERE on. */
export const selectRows = (where: string): string =>
  `SELECT ${readColumns} FROM lelu_approval ${where}`

export function fromRow(row: Row | undefined): StoredRow | undefined {
  if (row === undefined) return undefined
  // The columns of a mark, where the two come together.
  const { created_at, scope: _scope, not_before: _mark, ...rest } = row
  return { ...rest, createdAt: created_at } as StoredRow
}

/** `scopes`: what follows `IN`. */
export const selectMarks = (scopes: string): string =>
  `SELECT scope, CAST(not_before AS REAL) AS not_before FROM lelu_watermark WHERE scope IN (${scopes})`

export function marksFrom(rows: readonly Row[]): Marks {
  const marks: Marks = Object.create(null)
  for (const { scope, not_before } of rows) marks[scope as string] = not_before as number
  return marks
}

export const selectCall: string = selectRows('WHERE tenant = ? AND idem = ?')

/** One statement: each of its own takes and leaves the lock of the file. */
export const selectCallAndMarks = (scopes: string): string =>
  `SELECT ${readColumns}, NULL AS scope, NULL AS not_before FROM lelu_approval WHERE tenant = ? AND idem = ?
   UNION ALL SELECT ${columns.replaceAll(/\w+/g, 'NULL')}, scope, not_before FROM (${selectMarks(scopes)})`

export function foundCall(rows: readonly Row[]): FoundCall {
  const row = rows.find(({ scope }) => scope === null)
  return { row: fromRow(row), marks: marksFrom(rows.filter((one) => one !== row)) }
}
