import { KeyvPostgres } from '@keyv/postgres'
import { type ApprovalStore, type FromKeyvOptions, fromKeyv } from '@lelu/engine'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { Keyv } from 'keyv'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { dueRows, migrated, type OldRow, oldRows } from './rows.ts'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

/** What version 1 made. */
const oldTables = (schema: string) => `
  CREATE SCHEMA ${schema};
  SET search_path = ${schema};
  CREATE TABLE lelu_approval (
    id TEXT COLLATE "C" PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL, rev INTEGER NOT NULL, idem TEXT,
    created_at BIGINT NOT NULL, attempt TEXT NOT NULL, audited INTEGER NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL);
  CREATE UNIQUE INDEX lelu_approval_call ON lelu_approval (tenant, idem) WHERE idem IS NOT NULL;
  CREATE INDEX lelu_approval_state ON lelu_approval (state, id);
  CREATE INDEX lelu_approval_tenant ON lelu_approval (tenant, id);
  CREATE INDEX lelu_approval_tenant_state ON lelu_approval (tenant, state, id);
  CREATE TABLE lelu_watermark (scope TEXT PRIMARY KEY, not_before BIGINT NOT NULL);
  INSERT INTO lelu_watermark VALUES ('agent:a', 7);
  CREATE TABLE lelu_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
  INSERT INTO lelu_meta VALUES ('schema', 1);
  SET search_path = public;`

let server: PostgresServer
beforeAll(async () => {
  if (hasPostgres()) server = await startPostgres()
}, 300_000)
afterAll(() => server?.stop())

const stores: ApprovalStore[] = []
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})

function adapterOn(): KeyvPostgres {
  const adapter = new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10 })
  adapter.on('error', () => {})
  return adapter
}

let console_: KeyvPostgres | undefined
/** Sends SQL as somebody at a console would. */
async function ask(sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  console_ ??= adapterOn()
  return (await console_.query(sql, values as never)) as Record<string, unknown>[]
}

let count = 0
/** A schema of its own with the tables of version 1, and these rows in them. */
async function oldSchema(rows: OldRow[]): Promise<string> {
  count += 1
  const schema = `old${count}`
  await ask(oldTables(schema))
  await ask(
    `INSERT INTO ${schema}.lelu_approval SELECT id, tenant, state, rev, idem, "createdAt", attempt, audited, body, seal
     FROM json_to_recordset($1::json) AS row(id text, tenant text, state text, rev int, idem text, "createdAt" bigint,
       attempt text, audited int, body text, seal text)`,
    [JSON.stringify(rows)],
  )
  return schema
}

function storeIn(schema: string, options: FromKeyvOptions = {}, idleMs = 10): ApprovalStore {
  const adapter = new KeyvPostgres({ uri: server.url, schema, idleTimeoutMillis: idleMs })
  const keyv = new Keyv({ store: adapter })
  keyv.on('error', () => {})
  const store = fromKeyv(keyv, { deadlineMs: 20_000, ...options })
  stores.push(store)
  return store
}

/** Others wait for the table until this message is at its end; answers when it has it. */
async function holdTable(schema: string, rest: string): Promise<{ ended: Promise<unknown> }> {
  const table = `${schema}.lelu_approval`
  const ended = adapterOn().query(`LOCK TABLE ${table}; SELECT pg_sleep(2.5); ${rest}`)
  const sleeping =
    "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE $1 AND pid <> pg_backend_pid()"
  await expect.poll(() => ask(sleeping, [`%${table};%`])).toHaveLength(1)
  return { ended }
}

const far = 9_999_999_999_999

describe.skipIf(!hasPostgres())(`tables of version 1 in PostgreSQL${missing}`, () => {
  it('keep every row, and have those due that wait for somebody', async () => {
    const rows = oldRows(50)
    const schema = await oldSchema(rows)
    const store = storeIn(schema)
    await store.open()
    expect(await store.list({ limit: 99 })).toEqual(rows.map(migrated))
    expect(await store.due(far, 99)).toEqual(dueRows(rows))
    expect({ ...(await store.watermarks(['agent:a'])) }).toEqual({ 'agent:a': 7 })
    // What an older Lelu refuses.
    expect(await ask(`SELECT * FROM ${schema}.lelu_meta`)).toEqual([{ name: 'schema', value: 2 }])
  })

  it('are migrated once by many that begin at the same time', async () => {
    const rows = oldRows(22)
    const schema = await oldSchema(rows)
    // All of them wait for the table, and get it at the same moment.
    const { ended } = await holdTable(schema, 'SELECT 1')
    const many = Array.from({ length: 8 }, () => storeIn(schema))
    await Promise.all(many.map((store) => store.open()))
    await ended
    for (const store of many) expect(await store.due(far, 99)).toEqual(dueRows(rows))
  })

  it('are not migrated again after somebody who was faster', async () => {
    const row = migrated(oldRows(1)[0] as OldRow)
    const schema = await oldSchema([row])
    const { ended } = await holdTable(
      schema,
      `ALTER TABLE ${schema}.lelu_approval ADD COLUMN due BIGINT; UPDATE ${schema}.lelu_meta SET value = 2`,
    )
    const store = storeIn(schema)
    await store.open()
    await ended
    expect(await store.get(row.id)).toEqual({ ...row, due: null })
  })

  it('are refused when somebody faster made them those of a newer Lelu', async () => {
    const schema = await oldSchema([])
    const { ended } = await holdTable(schema, `UPDATE ${schema}.lelu_meta SET value = 3`)
    await expect(storeIn(schema).open()).rejects.toMatchObject({ code: 'LELU_STORE_CORRUPT' })
    await ended
    expect(await ask(`SELECT value FROM ${schema}.lelu_meta`)).toEqual([{ value: 3 }])
  })

  it('have more time for it than an operation has', async () => {
    const rows = oldRows(11)
    const schema = await oldSchema(rows)
    const { ended } = await holdTable(schema, 'SELECT 1')
    const store = storeIn(schema, { deadlineMs: 1000 }, 60_000) // one connection for all that follows
    await store.open()
    await ended
    expect(await store.due(far, 99)).toEqual(dueRows(rows))
    // And an operation has no more than before: what was answered with no is not done later.
    const [row] = rows.map(migrated)
    if (row === undefined) throw new Error('no row')
    const again = await holdTable(schema, 'SELECT 1')
    await expect(store.swap(row.rev, { ...row, rev: row.rev + 1 })).rejects.toBeDefined()
    await again.ended
    const updating =
      "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'UPDATE%'"
    await expect.poll(() => ask(updating)).toEqual([])
    expect(await store.get(row.id)).toEqual(row)
  })

  it('keep nobody from closing who gave up waiting for it', async () => {
    const schema = await oldSchema([])
    const { ended } = await holdTable(schema, 'SELECT 1')
    const store = storeIn(schema, { deadlineMs: 1000 })
    const opening = store.open().catch(() => {})
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"${schema}"%'`
    await expect.poll(() => ask(waiting)).toHaveLength(1)
    const first = [store.close().then(() => 'closed'), ended.then(() => 'the table is free')]
    expect(await Promise.race(first)).toBe('closed')
    await Promise.all([ended, opening])
  })

  it('have what is due read from an index that has nothing else in it', async () => {
    const schema = await oldSchema([])
    const store = storeIn(schema)
    await store.open()
    await ask(`INSERT INTO ${schema}.lelu_approval
      SELECT 'apr_' || n, 't', 'pending', 1, NULL, 1, '', 0, '{}', '', CASE WHEN n % 2 = 0 THEN n END
      FROM generate_series(1, 10000) AS n`)
    await ask(`ANALYZE ${schema}.lelu_approval`)
    expect((await store.due(9000, 3)).map(({ due }) => due)).toEqual([2, 4, 6])
    await store.close() // its connections tell what they did when they end
    const [index] = await ask(
      "SELECT indexdef FROM pg_indexes WHERE schemaname = $1 AND indexname = 'lelu_approval_due'",
      [schema],
    )
    expect(index?.indexdef).toContain('WHERE (due IS NOT NULL)')
    const reads = async () => {
      const [row] = await ask(
        "SELECT idx_tup_read::int AS n FROM pg_stat_user_indexes WHERE schemaname = $1 AND indexrelname = 'lelu_approval_due'",
        [schema],
      )
      return row?.n
    }
    await expect.poll(reads).toBe(3)
  })
})
