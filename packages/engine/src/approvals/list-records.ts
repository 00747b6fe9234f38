import type { Answer } from '../answer.ts'
import type { ListQuery, StoredRow } from '../store/store.ts'
import { nextOf, openRows } from './open-rows.ts'
import type { ApprovalRecord } from './record.ts'

/** `altered` names rows that were changed outside Lelu; `next` is the `after` of the next page, or null. */
export type RecordPage = { records: ApprovalRecord[]; altered: string[]; next: string | null }

type Options = {
  rows: (query: ListQuery) => Answer<StoredRow[]>
  open: (row: StoredRow) => Promise<ApprovalRecord>
}

/** What the id of an approval begins with. */
export const approvalPrefix = 'apr_'

/**
 * A row that is no approval: a standing grant, or a notice that could not be delivered. By its id and not by its state,
 * which somebody could have altered: then the seal says so, and nothing is hidden.
 */
export function isApart({ id }: StoredRow): boolean {
  return !id.startsWith(approvalPrefix)
}

/** Lists approvals, a page at a time. */
export function listRecords({ rows, open }: Options) {
  return async (query: ListQuery): Promise<RecordPage> => {
    const found = await rows(query)
    // What is none comes behind all approvals: the page with the first of them is the last.
    const approvals = found.filter((row) => !isApart(row))
    const { opened, altered } = await openRows(approvals, open)
    const { state } = query
    // Its time may have come since it was stored.
    const records = opened.filter((record) => state === undefined || record.state === state)
    return { records, altered, next: nextOf(approvals, query.limit) }
  }
}
