import { patienceOf, whileBusy } from './busy.ts'
import { whereDue } from './sqlite-due.ts'
import { selectPage } from './sqlite-lists.ts'
import type { AssertInPlace } from './sqlite-place.ts'
import { type PrepareOptions, prepare, type Query } from './sqlite-query-schema.ts'
import {
  columns,
  foundCall,
  fromRow,
  marksFrom,
  type Row,
  selectCall,
  selectCallAndMarks,
  selectMarks,
  selectRows,
} from './sqlite-rows.ts'
import type { ApprovalStore, StoredRow } from './store.ts'
import { storeError } from './store-error.ts'

/** Scopes as one value. */
const given = 'SELECT value FROM json_each(?)'

/** The adapter makes its own table before this store is asked, and would not wait for others that do. */
const busyHelp = {
  5: 'Give @keyv/sqlite a `busyTimeout` (milliseconds, such as 200), so that processes that start together wait for each other.',
}

/** The query of a `@keyv/sqlite` adapter with a file; undefined when it is none. */
export function sqliteQuery(adapter: object): Query | undefined {
  const { uri, opts, query } = adapter as { uri?: unknown; opts?: unknown; query?: unknown }
  const given = uri ?? (opts as { uri?: unknown } | undefined)?.uri
  if (typeof query !== 'function' || typeof given !== 'string') return undefined
  return given.startsWith('sqlite://') ? (query.bind(adapter) as Query) : undefined
}

/**
 * SQLite through the connection of a `@keyv/sqlite`. Not through one of our own: Keyv's may be another copy of the library, and two
 * copies in one process lose each other's locks (sqlite.org/howtocorrupt.html, 2.2.1). Each operation is one statement.
 */
export function sqliteQueryStore(raw: Query, options: PrepareOptions): ApprovalStore {
  const patienceMs = patienceOf(options.deadlineMs)
  let opening: Promise<AssertInPlace> | undefined

  function opened(): Promise<AssertInPlace> {
    opening ??= prepare(raw, options).catch((error) => {
      throw storeError(error, 'opening the database of @keyv/sqlite', busyHelp)
    })
    const mine = opening
    mine.catch(() => {
      if (opening === mine) opening = undefined // the next one tries again
    })
    return mine
  }

  async function query(doing: string, sql: string, ...values: unknown[]): Promise<Row[]> {
    try {
      const assertInPlace = await opened()
      return await whileBusy(patienceMs, async () => {
        assertInPlace()
        return raw(sql, ...values)
      })
    } catch (error) {
      throw storeError(error, doing)
    }
  }

  const get = async (id: string) =>
    fromRow((await query('reading an approval', selectRows('WHERE id = ?'), id))[0])

  return {
    name: 'sqlite',
    async open() {
      await opened()
    },
    get,
    async findByCall(tenant, idem, scopes = []) {
      const values = [tenant, idem, JSON.stringify(scopes)]
      return foundCall(await query('finding an approval', selectCallAndMarks(given), ...values))
    },
    async create(row) {
      const { id, tenant, state, rev, idem, createdAt, attempt, audited, due, body, seal } = row
      const inserted = await query(
        'creating an approval',
        `INSERT INTO lelu_approval (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
        ...[id, tenant, state, rev, idem, createdAt, attempt, audited, due, body, seal],
      )
      if (inserted.length === 1) return { created: true, row }
      const ofCall = () => query('creating an approval', selectCall, tenant, idem)
      const taken = (await get(id)) ?? fromRow((await ofCall())[0])
      return { created: false, row: taken as StoredRow }
    },
    async swap(rev, { id, state, rev: next, attempt, audited, due, body, seal }) {
      const swapped = await query(
        'changing an approval',
        `UPDATE lelu_approval SET state = ?, rev = ?, attempt = ?, audited = ?, due = ?, body = ?, seal = ?
         WHERE id = ? AND rev = ? RETURNING id`,
        ...[state, next, attempt, audited, due, body, seal, id, rev],
      )
      return swapped.length === 1 ? 'done' : 'conflict'
    },
    async list(asked) {
      const { sql, values } = selectPage(asked)
      const rows = await query('listing approvals', sql, ...values)
      return rows.map((row) => fromRow(row) as StoredRow)
    },
    async due(now, limit) {
      const rows = await query('finding what is due', selectRows(whereDue), now, limit)
      return rows.map((row) => fromRow(row) as StoredRow)
    },
    async markAudited(marked) {
      const sql = 'UPDATE lelu_approval SET audited = ? WHERE id = ? AND audited < ? RETURNING id'
      for (const { id, audited } of marked) await query('noting events', sql, audited, id, audited)
    },
    async setWatermark(scope, notBefore) {
      const sql = `INSERT INTO lelu_watermark VALUES (?, ?)
        ON CONFLICT DO UPDATE SET not_before = max(not_before, excluded.not_before) RETURNING scope`
      await query('revoking', sql, scope, notBefore)
    },
    async watermarks(scopes) {
      return marksFrom(
        await query('reading revocations', selectMarks(given), JSON.stringify(scopes)),
      )
    },
    async close() {}, // the connection is Keyv's
  }
}
