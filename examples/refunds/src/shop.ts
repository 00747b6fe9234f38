import { DatabaseSync } from 'node:sqlite'

/** Amounts are in EUR. `refundable` is what is left of the price. */
export type Order = {
  id: string
  customer: string
  item: string
  price: number
  refundable: number
}

export type Refund = { order: string; amount: number }

const schema = `
  CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, customer TEXT NOT NULL, item TEXT NOT NULL, cents INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders (id), cents INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO orders VALUES
    ('1001', 'customer-7', 'Desk lamp', 8900),
    ('1002', 'customer-7', 'Office chair', 24000),
    ('1003', 'customer-9', 'Espresso machine', 31000)`

const findOrder = `
  SELECT id, customer, item, cents,
    cents - (SELECT coalesce(sum(cents), 0) FROM refunds WHERE order_id = orders.id) AS left
  FROM orders WHERE id = ?`

// One statement, so that two refunds at once cannot both find the money there.
const addRefund = `
  INSERT INTO refunds (order_id, cents)
  SELECT id, :cents FROM orders WHERE id = :order
    AND cents - (SELECT coalesce(sum(cents), 0) FROM refunds WHERE order_id = :order) >= :cents`

type Row = { id: string; customer: string; item: string; cents: number; left: number }

/** The shop's own database, with three orders in it. */
export class Shop {
  readonly #database: DatabaseSync

  constructor(file: string) {
    this.#database = new DatabaseSync(file, { timeout: 2000 })
    this.#database.exec(schema)
  }

  order(id: string): Order | undefined {
    const row = this.#database.prepare(findOrder).get(id) as Row | undefined
    if (row === undefined) return undefined
    const { customer, item, cents, left } = row
    return { id, customer, item, price: cents / 100, refundable: left / 100 }
  }

  /** Throws when the order has less than that left, whatever was approved. */
  refund({ order, amount }: Refund): void {
    const added = this.#database.prepare(addRefund).run({ order, cents: Math.round(amount * 100) })
    if (added.changes !== 1) throw new Error(`Order ${order} has less than ${amount} EUR left.`)
  }

  refunds(): Refund[] {
    const rows = this.#database.prepare('SELECT order_id, cents FROM refunds ORDER BY id').all()
    return rows.map(({ order_id, cents }) => ({
      order: String(order_id),
      amount: Number(cents) / 100,
    }))
  }

  close(): void {
    this.#database.close()
  }
}
