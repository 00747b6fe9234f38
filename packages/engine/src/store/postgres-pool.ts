import { LeluError } from '../errors.ts'
import { neverSent } from './lost-reply.ts'
import { serverQuestion } from './postgres-checks.ts'
import { ownTypes, type Row } from './postgres-values.ts'

type NamedQuery = { name: string; text: string; values: unknown[] }

/** A connection that is taken out of the pool; `release(true)` ends it. */
type TakenClient = {
  query(query: NamedQuery): Promise<{ rows: Row[] }>
  release(end?: boolean): void
}

/** What is needed of `pg`: typed here, for it is an optional peer. */
export type Pool = {
  connect(): Promise<TakenClient>
  /** `query_timeout` in ms, instead of the pool's. */
  query(
    text: string | { text: string; query_timeout: number } | NamedQuery,
    values?: unknown[],
  ): Promise<{ rows: Row[] }>
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
}
/** One connection. A text of several statements has an answer for each. */
type Client = {
  binary: boolean
  on(event: 'error', listener: (error: Error) => void): unknown
  query(query: { text: string; query_timeout: number }): Promise<unknown>
}
type Pg = { Pool: new (options: object) => Pool }

/** The settings of a `@keyv/postgres` adapter; version 6 has them as members, earlier ones in `opts`. */
export type PostgresSettings = { uri: string; schema: string; options: Record<string, unknown> }

/** What Keyv's options mean to Keyv alone. */
const ofKeyv: readonly string[] = [
  ...['uri', 'table', 'keySize', 'keyLength', 'namespaceLength', 'schema', 'dialect'],
  ...['iterationLimit', 'useUnloggedTable', 'clearExpiredInterval', 'namespace', 'store'],
]

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** The settings of the adapter, or undefined when it is none of PostgreSQL. */
export function postgresSettings(adapter: unknown): PostgresSettings | undefined {
  if (!isObject(adapter) || typeof adapter.query !== 'function') return undefined
  const opts = isObject(adapter.opts) ? adapter.opts : {}
  const uri = adapter.uri ?? opts.uri
  if (typeof uri !== 'string' || !/^postgres(ql)?:/.test(uri)) return undefined
  const given = { ...opts, ...(isObject(adapter._poolConfig) && adapter._poolConfig) }
  const own = Object.entries(given).filter(([name]) => !ofKeyv.includes(name))
  const ssl = adapter.ssl ?? opts.ssl
  const schema = adapter.schema ?? opts.schema
  return {
    uri,
    schema: typeof schema === 'string' ? schema : 'public',
    options: { ...Object.fromEntries(own), ...(ssl !== undefined && { ssl }) },
  }
}

async function loadPg(): Promise<Pg> {
  const name = 'pg'
  try {
    const loaded = (await import(name)) as { default?: Pg } & Pg
    return loaded.default ?? loaded
  } catch (cause) {
    throw new LeluError('LELU_STORE_UNAVAILABLE', 'The package `pg` cannot be loaded.', {
      help: 'Install it beside @keyv/postgres: npm install pg',
      cause,
    })
  }
}

/**
 * Gives a new connection its settings, and asks what server it has led to, in one round trip: after a failover it may
 * be another one. Not as a parameter of its start, which a pooler such as PgBouncer refuses.
 */
async function greet(client: Client, timeoutMs: number, check: (answer: Row) => void) {
  // Until it is handed out nobody else listens, and its loss would end the process.
  client.on('error', () => {})
  // Whatever the options or the defaults of `pg` say: our values are read from texts.
  client.binary = false
  // Stricter isolation, where it is the default, would make errors of writes that meet: each of ours is one statement.
  const settings = `SET statement_timeout = ${timeoutMs}; SET default_transaction_isolation = 'read committed'`
  const text = `${settings}; ${serverQuestion}`
  const answers = (await client.query({ text, query_timeout: timeoutMs })) as { rows: Row[] }[]
  check(answers.at(-1)?.rows[0] ?? {})
}

/**
 * Parts of the deadline: within the one a write begins, for it may have to wait for a connection, and within the other it
 * ends. What is left is for its way there: when the engine says what became of it, it has ended.
 */
const toBegin = 0.6
const toEnd = 0.35

/**
 * Writes, if a connection is there in time. One that is only begun when the engine has given it up would be committed after
 * somebody was told that it is not.
 */
export async function writeInTime(
  pool: Promise<Pool>,
  query: NamedQuery,
  deadlineMs: number,
): Promise<Row[]> {
  const until = performance.now() + toBegin * deadlineMs
  const client = await (await pool).connect()
  let rows: Row[] | undefined
  let isLate = false
  try {
    isLate = performance.now() > until
    if (isLate) throw noConnection()
    ;({ rows } = await client.query(query))
    return rows
  } finally {
    client.release(rows === undefined && !isLate)
  }
}

function noConnection(): LeluError {
  return neverSent(
    'No connection to PostgreSQL was free in time, so nothing was written.',
    'Check that the database is up and reachable, then try again. If it is, it is slow, this process is busy, or more is asked at once than `max` of the Keyv has connections.',
  )
}

/**
 * Connections of our own to the database of the adapter. Keyv's pool has no deadline, and nothing listens to its
 * errors: a restart of the database ends the process. Here the server itself gives a statement up that takes longer
 * than the engine waits, so that what was answered with "no" is not committed a minute later. `check` throws for a
 * server that is not to be used; it is asked of every connection before its first use.
 */
export async function openPool(
  { uri, options }: PostgresSettings,
  deadlineMs: number,
  check: (answer: Row) => void,
): Promise<Pool> {
  const { Pool } = await loadPg()
  const statementMs = Math.ceil(deadlineMs * toEnd)
  const pool = new Pool({
    max: 10,
    keepAlive: true,
    allowExitOnIdle: true,
    application_name: 'lelu',
    ...options,
    connectionString: uri,
    types: ownTypes,
    connectionTimeoutMillis: deadlineMs,
    query_timeout: deadlineMs,
    verify: (client: Client, done: (error?: Error) => void) => {
      greet(client, statementMs, check).then(() => done(), done)
    },
  })
  // Of a connection that is idle when the database goes away: the next query opens another.
  pool.on('error', () => {})
  return pool
}
