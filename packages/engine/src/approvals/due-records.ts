import { isLeluError } from '../errors.ts'
import type { StoredRow } from '../store/store.ts'
import { dueOf } from './due.ts'
import type { ApprovalRecord } from './record.ts'
import type { Records } from './records.ts'

/** Records that need somebody now, and the ids of rows that were altered outside Lelu. */
export type DueRecords = { records: ApprovalRecord[]; altered: string[] }

type Options = {
  now: () => number
  /** Rows of the store that are due. */
  rows: (now: number, limit: number) => Promise<StoredRow[]>
  /** The record of a row, with everything applied that the clock has made of it. */
  open: (row: StoredRow) => Promise<ApprovalRecord>
  commit: Records['commit']
}

/** Not found: a row that is no approval, which nobody but an intruder made due. */
const alteredCodes: readonly string[] = ['LELU_APPROVAL_ALTERED', 'LELU_APPROVAL_NOT_FOUND']

/** So many altered rows are read past at once. Whoever can write more of them can as well delete rows. */
const maxAltered = 1000

/** Reads what is due, `limit` rows at a time, the longest due first. */
export function dueRecords({ now, rows, open, commit }: Options) {
  /** Ids of altered rows: they stay due for ever, and must not take the place of the others. */
  const known = new Set<string>()

  return async (limit: number): Promise<DueRecords> => {
    const records: ApprovalRecord[] = []
    const altered: string[] = []
    for (const row of await rows(now(), limit + known.size)) {
      if (records.length === limit) break
      try {
        const record = await open(row)
        known.delete(row.id)
        const due = dueOf(record)
        if (due !== null && due <= now()) records.push(record)
        else if (record.revision === row.rev) await correct(record)
      } catch (error) {
        if (!isLeluError(error) || !alteredCodes.includes(error.code)) throw error
        if (known.size < maxAltered) known.add(row.id)
        altered.push(row.id)
      }
    }
    return { records, altered }
  }

  /** The hint is outside the seal. One that is too low would bring the row back every time. */
  async function correct(record: ApprovalRecord): Promise<void> {
    await commit(record, { next: { state: record.state }, events: [] })
  }
}
