import type { Answer } from '../answer.ts'
import { isLeluError } from '../errors.ts'
import type { ListQuery, StoredRow } from '../store/store.ts'
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
    const records: ApprovalRecord[] = []
    const altered: string[] = []
    const isLast = found.some(isApart)
    for (const row of found) {
      if (isApart(row)) continue // those come behind all approvals
      try {
        const record = await open(row)
        if (query.state === undefined || record.state === query.state) records.push(record)
      } catch (error) {
        // One altered row must not hide the queue from the reviewers.
        if (!isLeluError(error) || error.code !== 'LELU_APPROVAL_ALTERED') throw error
        altered.push(row.id)
      }
    }
    const more = found.length === query.limit && !isLast
    return { records, altered, next: more ? (found.at(-1)?.id ?? null) : null }
  }
}
