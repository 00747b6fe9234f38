import { type Answer, isPending } from '../answer.ts'
import { alteredError } from '../approvals/seal.ts'
import type { ApprovalStore, StoredRow } from './store.ts'

/** What a row has to be to be the answer. */
type Asked = Partial<Pick<StoredRow, 'id' | 'tenant' | 'idem'>>

const isOf = (row: StoredRow, asked: Asked) =>
  Object.entries(asked).every(([name, value]) => row[name as keyof Asked] === value)

function assertAsked(row: StoredRow | undefined, ...ways: Asked[]): void {
  if (row === undefined || ways.some((asked) => isOf(row, asked))) return
  throw alteredError(row.id, 'it was answered in the place of another one')
}

function checked<T>(answer: Answer<T>, check: (answered: T) => void): Answer<T> {
  if (isPending(answer)) {
    return answer.then((answered) => {
      check(answered)
      return answered
    })
  }
  check(answer)
  return answer
}

type Reads = Pick<ApprovalStore, 'create' | 'get' | 'findByCall' | 'list'>

/**
 * The questions to a driver, with each row held against what was asked. A seal says that a row is genuine, not that it is the
 * one that was asked for: who can rebuild a table can have a column compare otherwise (a collation, an operator of his own), and
 * then the approval of one run answers for another, and the grant for one call for all.
 */
export function askedFor(driver: ApprovalStore): Reads {
  return {
    create: async (row) => {
      const { id, tenant, idem } = row
      const answer = await driver.create(row)
      const ofCall = idem === null ? [] : [{ tenant, idem }]
      if (!answer.created) assertAsked(answer.row, { id }, ...ofCall)
      return answer
    },
    get: (id) => checked(driver.get(id), (row) => assertAsked(row, { id })),
    findByCall: (tenant, idem, scopes) =>
      checked(driver.findByCall(tenant, idem, scopes), ({ row }) =>
        assertAsked(row, { tenant, idem }),
      ),
    list: async (query) => {
      const { tenant } = query
      const rows = await driver.list(query)
      if (tenant === undefined) return rows
      // Nothing of another tenant's is read; left out, it would make the page shorter, which would seem to be the last.
      return rows.map((row) => (isOf(row, { tenant }) ? row : { ...row, body: '', seal: '' }))
    },
  }
}
