import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { KeyvSqlite } from '@keyv/sqlite-6'
import { type ApprovalStore, fromKeyv, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freshId, rowOf } from './rows.ts'

function freshPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-versions-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'approvals.db')
}

function exec(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

async function openStore(path: string): Promise<ApprovalStore> {
  const store = fromKeyv(new Keyv({ store: sqliteStore({ path }) }))
  onTestFinished(() => store.close())
  await store.open()
  return store
}

async function openQuery(path: string): Promise<ApprovalStore> {
  const adapter = new KeyvSqlite(`sqlite://${path}`)
  onTestFinished(() => adapter.disconnect())
  const store = fromKeyv(new Keyv({ store: adapter }))
  await store.open()
  return store
}

const corrupt = { code: 'LELU_STORE_CORRUPT' }

describe.each([
  ['sqliteStore', openStore],
  ['@keyv/sqlite', openQuery],
] as const)('an SQLite file, opened by %s', (_name, open) => {
  it.each([
    ["UPDATE lelu_meta SET value = 3 WHERE name = 'schema'"],
    ["UPDATE lelu_meta SET value = 9000000000000000000 WHERE name = 'schema'"],
    ['PRAGMA user_version = 3'],
  ])('is refused when a newer Lelu was at it through either driver: %s', async (newer) => {
    const path = freshPath()
    await (await openStore(path)).close()
    await openQuery(path)
    await (await open(path)).create(rowOf(freshId()))
    exec(path, newer)
    await expect(async () => open(path)).rejects.toMatchObject({
      ...corrupt,
      help: expect.stringContaining('Update Lelu'),
    })
  })
})

it('a file of @keyv/sqlite keeps the version that its owner gave it', async () => {
  const path = freshPath()
  exec(path, 'CREATE TABLE theirs (x); PRAGMA user_version = 17')
  const id = freshId()
  await (await openQuery(path)).create(rowOf(id))
  expect((await (await openQuery(path)).get(id))?.id).toBe(id)
})

describe('a file of somebody else', () => {
  it.each([1, 2, 3])(
    'of version %i is refused with what to do, and left open by nobody',
    async (version) => {
      const path = freshPath()
      exec(path, `CREATE TABLE theirs (x); PRAGMA user_version = ${version}`)
      const refused = { ...corrupt, help: expect.stringContaining('a file of its own') }
      await expect(async () => openStore(path)).rejects.toMatchObject(refused)
      // It would not let go of its journal while another connection is open.
      const database = new DatabaseSync(path)
      database.exec('PRAGMA journal_mode = DELETE')
      expect(database.prepare('SELECT name FROM sqlite_master').all()).toEqual([{ name: 'theirs' }])
      database.close()
    },
  )

  it('whose tables have the names of ours is refused, and closed again', async () => {
    const path = freshPath()
    await (await openStore(path)).close()
    exec(path, 'ALTER TABLE lelu_watermark RENAME COLUMN not_before TO at')
    await expect(async () => openStore(path)).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
      help: expect.stringContaining('a file of its own'),
    })
    exec(
      path,
      'PRAGMA journal_mode = DELETE; ALTER TABLE lelu_watermark RENAME COLUMN at TO not_before',
    )
    expect(await (await openStore(path)).get('apr_none')).toBeUndefined()
  })
})
