import { DatabaseSync } from 'node:sqlite'

/** Whole dollars and whole shares. `limit` is the worst price per share that is acceptable. */
export type Order = { side: 'buy' | 'sell'; symbol: string; quantity: number; limit: number }

export type Filled = Omit<Order, 'limit'> & { id: number; price: number }

export type Broker = {
  cash(): number
  positions(): Record<string, number>
  prices(): Record<string, number>
  orders(): Filled[]
  /** Fills the order at the market price, or throws and changes nothing. */
  place(order: Order): Filled
  close(): void
}

const tables = `
  CREATE TABLE account (cash INTEGER NOT NULL CHECK (cash >= 0)) STRICT;
  CREATE TABLE market (symbol TEXT PRIMARY KEY, price INTEGER NOT NULL) STRICT;
  CREATE TABLE position (symbol TEXT PRIMARY KEY, quantity INTEGER NOT NULL CHECK (quantity >= 0)) STRICT;
  CREATE TABLE orders (
    id INTEGER PRIMARY KEY, side TEXT NOT NULL, quantity INTEGER NOT NULL, symbol TEXT NOT NULL, price INTEGER NOT NULL
  ) STRICT;
  INSERT INTO account VALUES (50000);
  INSERT INTO market VALUES ('ACME', 25), ('GLOBEX', 12), ('INITECH', 40);
  INSERT INTO position VALUES ('INITECH', 200);
  PRAGMA user_version = 1;
`

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    database.exec('ROLLBACK')
    throw error
  }
}

/** Opens the database, and makes and fills it when it is new. */
export function openBroker(file: string): Broker {
  const database = new DatabaseSync(file, { timeout: 2000 })
  inTransaction(database, () => {
    const row = database.prepare('PRAGMA user_version').get() as { user_version: number }
    if (row.user_version === 0) database.exec(tables)
  })
  const cash = () => Number(database.prepare('SELECT cash FROM account').get()?.cash)
  const pairs = (sql: string): Record<string, number> =>
    Object.fromEntries(
      database
        .prepare(sql)
        .all()
        .map((row) => [String(row.symbol), Number(row.number)]),
    )
  const positions = () =>
    pairs('SELECT symbol, quantity AS number FROM position WHERE quantity > 0 ORDER BY symbol')
  const prices = () => pairs('SELECT symbol, price AS number FROM market ORDER BY symbol')

  function fill({ side, symbol, quantity, limit }: Order): Filled {
    const price = prices()[symbol]
    if (price === undefined) throw new Error(`There is no symbol ${symbol}.`)
    if (side === 'buy' ? price > limit : price < limit) {
      throw new Error(`Not placed: ${symbol} is at ${price} now, and the limit is ${limit}.`)
    }
    const shares = side === 'buy' ? quantity : -quantity
    if (cash() < shares * price) throw new Error(`Not placed: the cash is ${cash()}.`)
    const held = (positions()[symbol] ?? 0) + shares
    if (held < 0) throw new Error(`Not placed: there are not that many shares of ${symbol}.`)
    database.prepare('UPDATE account SET cash = cash - ?').run(shares * price)
    database
      .prepare('INSERT INTO position VALUES (?, ?) ON CONFLICT DO UPDATE SET quantity = ?')
      .run(symbol, held, held)
    const { lastInsertRowid } = database
      .prepare('INSERT INTO orders (side, quantity, symbol, price) VALUES (?, ?, ?, ?)')
      .run(side, quantity, symbol, price)
    return { id: Number(lastInsertRowid), side, quantity, symbol, price }
  }

  return {
    cash,
    positions,
    prices,
    orders: () => database.prepare('SELECT * FROM orders ORDER BY id').all() as Filled[],
    place: (order) => inTransaction(database, () => fill(order)),
    close: () => database.close(),
  }
}
