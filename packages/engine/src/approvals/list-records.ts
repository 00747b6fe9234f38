import type { Answer } from '../answer.ts'
import type { ListQuery, StoredRow } from '../store/store.ts'
import { nextOf, openRows } from './open-rows.ts'
import type { ApprovalRecord } from './record.ts'
import { alteredError } from './seal.ts'

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

/** Standing grants and notices that were not delivered, by their ids: they come behind all approvals. */
const isOtherKind = ({ id }: StoredRow): boolean => /^(grt|und)_/.test(id)

/**
 * Lists approvals, a page at a time. What cannot be read is named, and counts: were it left out before the page is
 * measured, one altered row would seem to end the list, and hide all that wait behind it.
 */
export function listRecords({ rows, open }: Options) {
  const openListed = async (row: StoredRow): Promise<ApprovalRecord> => {
    if (isApart(row)) throw alteredError(row.id, 'its id is none of an approval')
    return open(row)
  }
  return async (query: ListQuery): Promise<RecordPage> => {
    const found = await rows(query)
    const approvals = found.filter((row) => !isOtherKind(row))
    const { opened, altered } = await openRows(approvals, openListed)
    const { state } = query
    // Its time may have come since it was stored.
    const records = opened.filter((record) => state === undefined || record.state === state)
    const isEnd = approvals.length < found.length
    return { records, altered, next: isEnd ? null : nextOf(found, query.limit) }
  }
}
