import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { KeyvSqlite as KeyvSqlite6 } from '@keyv/sqlite-6'
import { type ApprovalStore, fromKeyv, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { dueRows, freshId, migrated, type OldRow, oldRows, rowOf } from './rows.ts'

const folder = mkdtempSync(join(tmpdir(), 'lelu-migration-'))
const stores: ApprovalStore[] = []
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What version 1 of each driver made. */
const oldTables = `
  CREATE TABLE lelu_approval (
    id TEXT PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL, rev INTEGER NOT NULL, idem TEXT,
    created_at INTEGER NOT NULL, attempt TEXT NOT NULL, audited INTEGER NOT NULL, body TEXT NOT NULL, seal TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX lelu_approval_call ON lelu_approval (tenant, idem) WHERE idem IS NOT NULL;
  CREATE INDEX lelu_approval_state ON lelu_approval (state, id);
  CREATE TABLE lelu_watermark (scope TEXT PRIMARY KEY, not_before INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO lelu_watermark VALUES ('agent:a', 7);`
const ofStore = `
  CREATE TABLE lelu_keyv (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = 1;`
const ofQuery = `
  CREATE INDEX lelu_approval_tenant ON lelu_approval (tenant, id);
  CREATE INDEX lelu_approval_tenant_state ON lelu_approval (tenant, state, id);
  CREATE TABLE lelu_meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO lelu_meta VALUES ('schema', 1);`
const versionOf = {
  sqliteStore: ['PRAGMA user_version', 'PRAGMA user_version = 3'],
  '@keyv/sqlite': [
    "SELECT value FROM lelu_meta WHERE name = 'schema'",
    "UPDATE lelu_meta SET value = 3 WHERE name = 'schema'",
  ],
} as const

let count = 0
function oldFile(rows: OldRow[], tables: string): string {
  count += 1
  const path = join(folder, `${count}.db`)
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA journal_mode = WAL; ${oldTables} ${tables}`)
  const insert = database.prepare('INSERT INTO lelu_approval VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
  for (const row of rows) {
    const { id, tenant, state, rev, idem, createdAt, attempt, audited, body, seal } = row
    insert.run(id, tenant, state, rev, idem, createdAt, attempt, audited, body, seal)
  }
  database.close()
  return path
}

/** Answers what a statement of the test's own answers. */
function ask(path: string, sql: string): unknown[] {
  const database = new DatabaseSync(path)
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

async function openStore(path: string): Promise<ApprovalStore> {
  const store = fromKeyv(new Keyv({ store: sqliteStore({ path }) }))
  stores.push(store)
  await store.open()
  return store
}

const adapterOn = (path: string) => new KeyvSqlite6(`sqlite://${path}`)

async function openQuery(path: string, adapter = adapterOn(path)): Promise<ApprovalStore> {
  const store = fromKeyv(new Keyv({ store: adapter }))
  await store.open()
  return store
}

/** Calls back once, right before the first statement that begins with these words. */
function before(adapter: KeyvSqlite6, words: string, act: () => Promise<unknown>): KeyvSqlite6 {
  const query = adapter.query.bind(adapter)
  let done = false
  adapter.query = async (sql: string, ...values: unknown[]) => {
    if (!done && sql.startsWith(words)) {
      done = true
      await act()
    }
    return query(sql, ...values)
  }
  return adapter
}

describe.each([
  ['sqliteStore', ofStore, openStore],
  ['@keyv/sqlite', ofQuery, openQuery],
] as const)('an SQLite file of version 1, opened by %s', (name, tables, open) => {
  const [version, newer] = versionOf[name]

  it('keeps every row, and has those due that wait for somebody', async () => {
    const rows = oldRows(50)
    const store = await open(oldFile(rows, tables))
    expect(await store.list({ limit: 99 })).toEqual(rows.map(migrated))
    expect(await store.due(Date.now() * 2, 99)).toEqual(dueRows(rows))
    expect({ ...(await store.watermarks(['agent:a'])) }).toEqual({ 'agent:a': 7 })
  })

  it('is migrated once: what was written since stays', async () => {
    const rows = oldRows(11)
    const path = oldFile(rows, tables)
    const first = await open(path)
    const [row] = rows.map(migrated)
    if (row === undefined) throw new Error('no row')
    await first.swap(row.rev, { ...row, rev: row.rev + 1, due: null })
    const second = await open(path)
    expect(await second.get(row.id)).toMatchObject({ state: 'pending', due: null })
    expect(await second.due(Date.now() * 2, 99)).toHaveLength(2)
    const [stored] = ask(path, version)
    expect(Object.values(stored as object)).toEqual([2]) // what an older Lelu refuses
  })

  it('of a version after this one is refused, and left as it is', async () => {
    const path = oldFile(oldRows(3), tables)
    ask(path, newer)
    const ours = "SELECT name, sql FROM sqlite_master WHERE tbl_name LIKE 'lelu%'"
    const schema = ask(path, ours)
    await expect(async () => open(path)).rejects.toMatchObject({ code: 'LELU_STORE_CORRUPT' })
    expect(ask(path, ours)).toEqual(schema)
    const [stored] = ask(path, version)
    expect(Object.values(stored as object)).toEqual([3])
  })

  it('opens too after it was used through the other one, and keeps what that wrote', async () => {
    const rows = oldRows(11)
    const path = oldFile(rows, tables)
    const [row, ...rest] = rows.map(migrated)
    if (row === undefined) throw new Error('no row')
    const next = { ...row, rev: row.rev + 1, due: 5 }
    const other = name === 'sqliteStore' ? openQuery : openStore
    expect(await (await other(path)).swap(row.rev, next)).toBe('done')
    for (const way of [open, other]) {
      const store = await way(path)
      expect(await store.list({ limit: 99 })).toEqual([next, ...rest])
      expect(await store.due(Date.now() * 2, 99)).toEqual([next, ...dueRows(rows.slice(1))])
    }
  })

  it('reads what is due from the index, without sorting it', async () => {
    const path = oldFile([], tables)
    await open(path)
    const [found] = ask(path, "SELECT sql FROM sqlite_master WHERE name = 'lelu_approval_due'")
    expect(String((found as { sql?: string })?.sql)).toContain('WHERE due IS NOT NULL')
    const sql = 'SELECT body FROM lelu_approval WHERE due <= 5 ORDER BY due, id LIMIT 9'
    const plan = JSON.stringify(ask(path, `EXPLAIN QUERY PLAN ${sql}`))
    expect(plan).toContain('USING INDEX lelu_approval_due')
    expect(plan).not.toContain('TEMP B-TREE')
  })
})

/** Has the lock, migrates while others wait for it, and writes a row that is due at no time. */
const migrator = `
  const { parentPort, workerData: { path, id } } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(path)
  database.exec('BEGIN IMMEDIATE')
  parentPort.postMessage('locked')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  database.exec('ALTER TABLE lelu_approval ADD COLUMN due INTEGER; PRAGMA user_version = 2;')
  database.exec("INSERT INTO lelu_approval VALUES ('" + id + "', 't', 'executing', 1, NULL, 5, '', 0, '{}', '', NULL)")
  database.exec('COMMIT')
  database.close()`

it('an SQLite file that another process migrates meanwhile is not migrated again', async () => {
  const path = oldFile([], ofStore)
  const id = freshId()
  const worker = new Worker(migrator, { eval: true, workerData: { path, id } })
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  await new Promise((resolve) => worker.once('message', resolve))
  const store = await openStore(path)
  await ended
  expect(await store.get(id)).toMatchObject({ state: 'executing', due: null })
})

describe('an SQLite file that two processes open through @keyv/sqlite at once', () => {
  it('gets its column from either', async () => {
    const rows = oldRows(11)
    const path = oldFile(rows, ofQuery)
    const adapter = before(adapterOn(path), 'ALTER', () => openQuery(path))
    const store = await openQuery(path, adapter)
    expect(await store.list({ limit: 99 })).toEqual(rows.map(migrated))
    const opened = await Promise.all([1, 2, 3].map(() => openQuery(path)))
    for (const one of opened) expect(await one.due(Date.now() * 2, 99)).toEqual(dueRows(rows))
  })

  it('does not open without its column', async () => {
    const path = oldFile([], ofQuery)
    const refuse = () => Promise.reject(new Error('the disk is full'))
    const adapter = before(adapterOn(path), 'ALTER', refuse)
    await expect(openQuery(path, adapter)).rejects.toThrow('the disk is full')
    expect(ask(path, 'SELECT value FROM lelu_meta')).toEqual([{ value: 1 }])
    await (await openQuery(path, adapter)).create(rowOf(freshId()))
  })

  it('keeps what the faster one wrote when the slower one comes to it', async () => {
    const row = migrated(oldRows(1)[0] as OldRow)
    const path = oldFile([row], ofQuery)
    const adapter = before(adapterOn(path), 'UPDATE lelu_approval SET due', async () => {
      const faster = await openQuery(path)
      expect(await faster.swap(row.rev, { ...row, rev: 2, due: null })).toBe('done')
    })
    const slower = await openQuery(path, adapter)
    expect(await slower.get(row.id)).toMatchObject({ state: 'pending', rev: 2, due: null })
  })

  it('is finished by the next one when the first dies in the middle', async () => {
    const rows = oldRows(11)
    const path = oldFile(rows, ofQuery)
    for (const words of ['UPDATE lelu_approval', 'CREATE INDEX IF NOT EXISTS lelu_approval_due']) {
      const dies = () => Promise.reject(new Error('killed'))
      const adapter = before(adapterOn(path), words, dies)
      await expect(openQuery(path, adapter)).rejects.toThrow('killed')
    }
    const store = await openQuery(path)
    expect(await store.due(Date.now() * 2, 99)).toEqual(dueRows(rows))
    expect(ask(path, 'SELECT value FROM lelu_meta')).toEqual([{ value: 2 }])
  })

  it('is refused when a newer Lelu was at it meanwhile', async () => {
    const path = oldFile([], ofQuery)
    const adapter = before(adapterOn(path), 'UPDATE lelu_approval SET due', async () => {
      ask(path, versionOf['@keyv/sqlite'][1])
    })
    await expect(openQuery(path, adapter)).rejects.toMatchObject({ code: 'LELU_STORE_CORRUPT' })
    expect(ask(path, 'SELECT value FROM lelu_meta')).toEqual([{ value: 3 }])
  })
})
