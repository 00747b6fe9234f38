import type { Answer } from '../answer.ts'
import { isLeluError } from '../errors.ts'
import type { StoredRow } from '../store/store.ts'
import type { Commit } from './change.ts'
import { dueOf } from './due.ts'
import type { ApprovalRecord } from './record.ts'
import { reminderChange } from './reminders.ts'

/** What is due, as far as it was read. */
export type DueRecords = {
  /** Those that need somebody now. */
  records: ApprovalRecord[]
  /** The ids of rows that were altered outside Lelu. */
  altered: string[]
  /** Rows that take no place in the next page: nobody is to be told of them, or they do not open. */
  passed: number
  /** Whether there is nothing behind them. */
  isAll: boolean
  /** How large a row is on average, in characters. */
  size: number
}

type Options = {
  now: () => number
  /** Rows of the store that are due. */
  rows: (now: number, limit: number) => Answer<StoredRow[]>
  /** The record of a row, with everything applied that the clock has made of it. */
  open: (row: StoredRow) => Promise<ApprovalRecord>
  commit: Commit
}

/** Not found: a row that is no approval, which nobody but an intruder made due. */
const alteredCodes: readonly string[] = ['LELU_APPROVAL_ALTERED', 'LELU_APPROVAL_NOT_FOUND']

/** So many rows that do not open are read past at once. Whoever can write more of them can as well delete rows. */
const maxStuck = 1000

/** Reads what is due, `limit` rows at a time, the longest due first. Throws only when none of them opened. */
export function dueRecords({ now, rows, open, commit }: Options) {
  /** Ids of rows that did not open: they stay due, perhaps for ever, and must not take the place of the others. */
  const stuck = new Set<string>()

  return async (limit: number): Promise<DueRecords> => {
    const records: ApprovalRecord[] = []
    const altered: string[] = []
    const failures: unknown[] = []
    let passed = 0
    const asked = limit + stuck.size
    const found = await rows(now(), asked)
    let isAll = found.length < asked
    for (const row of found) {
      if (records.length === limit) {
        isAll = false
        break
      }
      try {
        const record = await reminded(await open(row))
        stuck.delete(row.id)
        const due = dueOf(record)
        if (due !== null && due <= now()) records.push(record)
        else {
          if (record.revision === row.rev) await correct(record)
          passed += 1
        }
      } catch (error) {
        if (stuck.size < maxStuck && !stuck.has(row.id)) {
          stuck.add(row.id)
          passed += 1
        }
        if (isLeluError(error) && alteredCodes.includes(error.code)) altered.push(row.id)
        else failures.push(error)
      }
    }
    if (records.length === 0 && failures.length > 0) throw failures[0]
    const size = found.reduce((sum, { body }) => sum + body.length, 0) / Math.max(found.length, 1)
    return { records, altered, passed, isAll, size }
  }

  /** Not where a record is loaded: a reminder changes nothing that a reader could depend on. */
  async function reminded(record: ApprovalRecord): Promise<ApprovalRecord> {
    const change = reminderChange(record, now())
    return (change && (await commit(record, change))) ?? record
  }

  /** The hint is outside the seal. One that is too low would bring the row back every time. */
  async function correct(record: ApprovalRecord): Promise<void> {
    await commit(record, { next: { state: record.state }, events: [] })
  }
}
