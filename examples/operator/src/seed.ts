import type { DatabaseSync } from 'node:sqlite'

const schema = `
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers, placed TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'closed')), cents INTEGER NOT NULL);
CREATE TABLE deletions (
  id INTEGER PRIMARY KEY, by TEXT NOT NULL, filter TEXT NOT NULL, rows INTEGER NOT NULL, open INTEGER NOT NULL);
`

/** How many orders of each year, by customer: closed ones, then open ones. */
const orders: Record<string, { closed: Record<number, number>; open: Record<number, number> }> = {
  Acme: { closed: { 2022: 4, 2023: 5, 2025: 3 }, open: { 2026: 2 } },
  Globex: { closed: { 2023: 3, 2024: 2 }, open: { 2024: 1, 2026: 2 } },
  Hooli: { closed: { 2022: 1, 2023: 2, 2025: 1 }, open: { 2026: 1 } },
  Initech: { closed: { 2024: 3 }, open: { 2026: 2 } },
}

/** Makes the tables of the shop and fills them, the same every time. */
export function seed(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE; ${schema}`)
  const addCustomer = database.prepare('INSERT INTO customers (name) VALUES (?)')
  const addOrder = database.prepare(
    'INSERT INTO orders (customer_id, placed, status, cents) VALUES (?, ?, ?, ?)',
  )
  for (const [name, years] of Object.entries(orders)) {
    const customer = addCustomer.run(name).lastInsertRowid
    for (const status of ['closed', 'open'] as const) {
      for (const [year, count] of Object.entries(years[status])) {
        for (let month = 1; month <= count; month += 1) {
          addOrder.run(customer, `${year}-0${month}-15`, status, month * 1250)
        }
      }
    }
  }
  database.exec('COMMIT')
}
