import { isLeluError } from '../errors.ts'
import type { StoredRow } from '../store/store.ts'

/** What a page of rows holds: `altered` names those that were changed outside Lelu. */
export type OpenedRows<Body> = { opened: Body[]; altered: string[] }

/** Opens one row after the other. One that was altered is named, for it must not hide the others. */
export async function openRows<Body>(
  rows: readonly StoredRow[],
  open: (row: StoredRow) => Promise<Body>,
): Promise<OpenedRows<Body>> {
  const opened: Body[] = []
  const altered: string[] = []
  for (const row of rows) {
    try {
      opened.push(await open(row))
    } catch (error) {
      if (!isLeluError(error) || error.code !== 'LELU_APPROVAL_ALTERED') throw error
      altered.push(row.id)
    }
  }
  return { opened, altered }
}

/** The `after` of the next page, or null when this one was the last. */
export function nextOf(rows: readonly StoredRow[], limit: number): string | null {
  return rows.length === limit ? (rows.at(-1)?.id ?? null) : null
}
