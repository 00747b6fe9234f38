import { selectRows } from './sqlite-rows.ts'
import type { ListQuery } from './store.ts'

/**
 * One for each way to list: without it a page of a tenant who has few approvals is looked for among those of all others, and
 * the process stands still meanwhile. They need no version of the tables: an older Lelu keeps them as they are.
 */
const columnsOf = {
  lelu_approval_state: 'state, id',
  lelu_approval_tenant: 'tenant, id',
  lelu_approval_tenant_state: 'tenant, state, id',
} as const

export const listIndexes: readonly string[] = Object.keys(columnsOf)

/** One statement each. */
export const indexLists: readonly string[] = Object.entries(columnsOf).map(
  ([name, columns]) => `CREATE INDEX IF NOT EXISTS ${name} ON lelu_approval (${columns})`,
)

/** A page as one statement. One condition for each that is given: with "or it is null" SQLite would not use the indexes. */
export function selectPage({ tenant, state, limit, after = '' }: ListQuery): {
  sql: string
  values: (string | number)[]
} {
  const where = ['id > ?']
  const values: (string | number)[] = [after]
  for (const [name, value] of Object.entries({ tenant, state })) {
    if (value === undefined) continue
    where.push(`${name} = ?`)
    values.push(value)
  }
  const sql = selectRows(`WHERE ${where.join(' AND ')} ORDER BY id LIMIT ?`)
  return { sql, values: [...values, limit] }
}
