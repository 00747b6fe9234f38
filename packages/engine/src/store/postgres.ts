import { createHash } from 'node:crypto'
import { LeluError } from '../errors.ts'
import { withDeadline } from './deadline.ts'
import { serverCheck } from './postgres-checks.ts'
import { openPool, type Pool, type PostgresSettings, writeInTime } from './postgres-pool.ts'
import { makeTables, tablesIn } from './postgres-schema.ts'
import { marksOfScopes, storedScope, storedScopes } from './postgres-scopes.ts'
import type { Row } from './postgres-values.ts'
import type { ApprovalStore, StoredRow, Swapped } from './store.ts'

export type PostgresOptions = PostgresSettings & {
  /** Milliseconds after which the server gives a statement up. */
  deadlineMs: number
  /** Only warns of settings that can lose what was answered. */
  allowUnsafe: boolean
}

const columns =
  'id, tenant, state, rev, idem, created_at::float8 AS created_at, attempt, audited, due::float8 AS due, body, seal'
/** Epoch milliseconds of the server, at this very moment and not at the start of the transaction. */
const serverTime = '(extract(epoch FROM clock_timestamp()) * 1000)::float8'

function fromRow(row: Row | undefined): StoredRow | undefined {
  if (row === undefined) return undefined
  const { created_at, marks: _marks, ...rest } = row
  return { ...rest, createdAt: created_at } as StoredRow
}

const valuesOf = (row: StoredRow): unknown[] => [
  ...[row.id, row.tenant, row.state, row.rev, row.idem, row.createdAt],
  ...[row.attempt, row.audited, row.due, row.body, row.seal],
]

/** A text of PostgreSQL has no such character: nobody stored anything under this one. */
const hasNul = (text: string): boolean => text.includes('\0')

const names = new Map<string, string>()

/** Each statement by a name of its own: the server parses and plans it once for each connection. */
function nameOf(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `lelu_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
  names.set(text, name)
  return name
}

/** `UPDATE … WHERE rev = …` in PostgreSQL: the database the user already has, shared by any number of processes. */
export function postgresApprovalStore(options: PostgresOptions): ApprovalStore {
  const { schema, deadlineMs, allowUnsafe } = options
  const { approval, watermark } = tablesIn(schema)
  let opening: Promise<Pool> | undefined

  async function begin(): Promise<Pool> {
    const pool = await openPool(options, deadlineMs, serverCheck(allowUnsafe))
    try {
      await makeTables(pool, schema)
      return pool
    } catch (error) {
      await pool.end().catch(() => {})
      throw error
    }
  }

  function opened(): Promise<Pool> {
    opening ??= begin()
    const mine = opening
    mine.catch(() => {
      if (opening === mine) opening = undefined // the next one tries again
    })
    return mine
  }

  async function rowsOf(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await (await opened()).query({ name: nameOf(text), text, values })).rows
  }

  const write = (text: string, values: unknown[]): Promise<Row[]> =>
    writeInTime(opened(), { name: nameOf(text), text, values }, deadlineMs)

  const one = async (text: string, values: unknown[]) => fromRow((await rowsOf(text, values))[0])
  const get = async (id: string) =>
    hasNul(id) ? undefined : one(`SELECT ${columns} FROM ${approval} WHERE id = $1`, [id])
  const marksOf = (scopes: string) =>
    `(SELECT json_object_agg(scope, not_before) FROM ${watermark} WHERE scope = ANY(${scopes})) AS marks`

  /** Why nothing was swapped, as the server sees it now. */
  async function whyNot(
    rev: number,
    id: string,
    before: number | null,
    notBefore: number | null,
  ): Promise<Swapped> {
    const [found] = await rowsOf(
      `SELECT rev, ${serverTime} AS now FROM ${approval} WHERE id = $1`,
      [id],
    )
    if (found === undefined || found.rev !== rev) return 'conflict'
    if (before !== null && (found.now as number) >= before) return 'late'
    if (notBefore !== null) return 'early'
    return 'conflict'
  }

  return {
    name: 'postgres',
    ownsConnections: true,
    async open() {
      await opened()
    },
    async clock() {
      const [row] = await rowsOf(`SELECT ${serverTime} AS now`)
      return row?.now as number
    },
    async create(row) {
      const inserted = await write(
        `INSERT INTO ${approval} (id, tenant, state, rev, idem, created_at, attempt, audited, due, body, seal)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id`,
        valuesOf(row),
      )
      if (inserted.length === 1) return { created: true, row }
      const text = `SELECT ${columns} FROM ${approval} WHERE tenant = $1 AND idem = $2`
      const taken = (await get(row.id)) ?? (await one(text, [row.tenant, row.idem]))
      if (taken !== undefined) return { created: false, row: taken }
      throw new LeluError('LELU_STORE_UNAVAILABLE', `The approval ${row.id} was not stored.`, {
        help: 'Another row was in its way, and has gone since. Try again.',
      })
    },
    get,
    async findByCall(tenant, idem, scopes = []) {
      // The marks come with a row of nothing where the call has none.
      const text = `SELECT ${columns}, ${marksOf('$3')} FROM (SELECT) AS asked
        LEFT JOIN ${approval} ON tenant = $1 AND idem = $2`
      const [found] = (await rowsOf(text, [tenant, idem, storedScopes(scopes)])) as [Row]
      const row = found.id === null ? undefined : fromRow(found)
      return { row, marks: marksOfScopes(found.marks, scopes) }
    },
    async swap(rev, next, { before = null, notBefore = null } = {}) {
      const { id, state, attempt, audited, due, body, seal } = next
      const swapped = await write(
        `UPDATE ${approval} SET state = $3, rev = $4, attempt = $5, audited = $6, body = $7, seal = $8, due = $11
         WHERE id = $1 AND rev = $2
           AND ($9::float8 IS NULL OR ${serverTime} < $9) AND ($10::float8 IS NULL OR ${serverTime} >= $10)
         RETURNING id`,
        [id, rev, state, next.rev, attempt, audited, body, seal, before, notBefore, due],
      )
      return swapped.length === 1 ? 'done' : whyNot(rev, id, before, notBefore)
    },
    async list({ tenant, state, limit, after = '' }) {
      if (tenant !== undefined && hasNul(tenant)) return []
      // Ids have no such character, so what sorts after the rest of it sorts after the text before it.
      const [from] = after.split('\0', 1)
      const values: unknown[] = [from, limit]
      const where = ['id > $1']
      // One condition for each that is given: with "or it is null" the planner would not use the indexes.
      if (tenant !== undefined) where.push(`tenant = $${values.push(tenant)}`)
      if (state !== undefined) where.push(`state = $${values.push(state)}`)
      const text = `SELECT ${columns} FROM ${approval} WHERE ${where.join(' AND ')} ORDER BY id LIMIT $2`
      return (await rowsOf(text, values)).map((row) => fromRow(row) as StoredRow)
    },
    async due(now, limit) {
      // Of the table: a bare `due` would be the number that is answered, which no index has.
      const text = `SELECT ${columns} FROM ${approval} AS kept WHERE kept.due <= $1 ORDER BY kept.due, kept.id LIMIT $2`
      return (await rowsOf(text, [Math.floor(now), limit])).map((row) => fromRow(row) as StoredRow)
    },
    async markAudited(marked) {
      // In order of id: two processes that lock the same rows must not wait for each other.
      const sorted = [...marked].sort((a, b) => (a.id < b.id ? -1 : 1))
      const text = `UPDATE ${approval} AS kept SET audited = told.audited
        FROM unnest($1::text[], $2::int[]) AS told (id, audited) WHERE kept.id = told.id AND kept.audited < told.audited`
      await rowsOf(text, [sorted.map(({ id }) => id), sorted.map(({ audited }) => audited)])
    },
    async setWatermark(scope, notBefore) {
      await write(
        `INSERT INTO ${watermark} AS kept VALUES ($1, $2)
         ON CONFLICT (scope) DO UPDATE SET not_before = greatest(kept.not_before, excluded.not_before)`,
        [storedScope(scope), notBefore],
      )
    },
    async watermarks(scopes) {
      const [found] = (await rowsOf(`SELECT ${marksOf('$1')}`, [storedScopes(scopes)])) as [Row]
      return marksOfScopes(found.marks, scopes)
    },
    async close() {
      const closing = opening
      opening = undefined // whoever opens it again meanwhile gets connections that are not ending
      const ending = closing?.then((pool) => pool.end()) ?? Promise.resolve()
      // A migration may have minutes: whoever gave up waiting for it does not wait for it here. Its connections end after it.
      await withDeadline(ending, deadlineMs, 'closing').catch(() => {})
    },
  }
}
