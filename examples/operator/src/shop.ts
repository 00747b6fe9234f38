import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { seed } from './seed.ts'
import { conditionOf, type Where } from './where.ts'

export type Count = { rows: number; open: number }
export type Order = { id: number; customer: string; placed: string; status: string; cents: number }
export type CustomerLine = { customer: string; closed: number; open: number }

/** The shop's database. It knows nothing of agents. */
export type Shop = {
  count(where: Where): Count
  total(): number
  list(where: Where, limit: number): Order[]
  /** Deletes exactly what is expected, or throws and deletes nothing. `by` says in which conversation. */
  delete(where: Where, expected: Count, by: string): Count
  /** How many orders were deleted in a conversation. */
  deletedBy(by: string): number
  customers(): CustomerLine[]
  deletions(): (Count & { filter: string })[]
  close(): void
}

const told = ({ rows, open }: Count) => `${rows} orders (${open} open)`

/** Opens the database, and makes it when there is none. */
export function openShop(file: string): Shop {
  const isNew = !existsSync(file)
  const database = new DatabaseSync(file, { timeout: 5000 })
  if (isNew) seed(database)

  function count(where: Where): Count {
    const { sql, values } = conditionOf(where)
    const columns = `count(*) AS rows, count(*) FILTER (WHERE status = 'open') AS open`
    const found = database.prepare(`SELECT ${columns} FROM orders WHERE ${sql}`).get(...values)
    return { ...(found as Count) }
  }

  function deleteNow(where: Where, expected: Count, by: string): Count {
    const found = count(where)
    // Orders may have come, or have been opened again, since somebody looked.
    if (found.rows !== expected.rows || found.open !== expected.open) {
      throw new Error(
        `The filter matches ${told(found)} now, not ${told(expected)}. Nothing was deleted.`,
      )
    }
    const { sql, values } = conditionOf(where)
    database.prepare(`DELETE FROM orders WHERE ${sql}`).run(...values)
    database
      .prepare('INSERT INTO deletions (by, filter, rows, open) VALUES (?, ?, ?, ?)')
      .run(by, JSON.stringify(where), found.rows, found.open)
    return found
  }

  return {
    count,
    total: () => Number(database.prepare('SELECT count(*) AS total FROM orders').get()?.total),
    list(where, limit) {
      const { sql, values } = conditionOf(where)
      const columns = 'orders.id, customers.name AS customer, placed, status, cents'
      const from = 'orders JOIN customers ON customers.id = customer_id'
      return database
        .prepare(`SELECT ${columns} FROM ${from} WHERE ${sql} ORDER BY orders.id LIMIT ?`)
        .all(...values, limit) as Order[]
    },
    delete(where, expected, by) {
      database.exec('BEGIN IMMEDIATE')
      try {
        const found = deleteNow(where, expected, by)
        database.exec('COMMIT')
        return found
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    deletedBy(by) {
      const sum = database.prepare('SELECT sum(rows) AS sum FROM deletions WHERE by = ?').get(by)
      return Number(sum?.sum ?? 0)
    },
    customers: () =>
      database
        .prepare(
          `SELECT name AS customer, count(*) FILTER (WHERE status = 'closed') AS closed,
             count(*) FILTER (WHERE status = 'open') AS open
           FROM customers LEFT JOIN orders ON orders.customer_id = customers.id
           GROUP BY name ORDER BY name`,
        )
        .all() as CustomerLine[],
    deletions: () =>
      database.prepare('SELECT filter, rows, open FROM deletions ORDER BY id').all() as (Count & {
        filter: string
      })[],
    close: () => database.close(),
  }
}
