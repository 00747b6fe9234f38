import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Keyv } from 'keyv'
import { afterAll, describe, expect, it } from 'vitest'
import { fromKeyv } from '../../src/store/from-keyv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { sqliteApprovalStore } from '../../src/store/sqlite.ts'
import { sqliteStore } from '../../src/store/sqlite-keyv.ts'
import type { ApprovalStore, StoredRow } from '../../src/store/store.ts'

const folder = mkdtempSync(join(tmpdir(), 'lelu-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
const file = () => join(folder, `${count++}`, 'approvals.db')
const row = (id: string, more: Partial<StoredRow> = {}): StoredRow => ({
  id,
  tenant: 'default',
  state: 'pending',
  rev: 1,
  idem: null,
  createdAt: 1,
  attempt: `attempt-${id}`,
  audited: 0,
  body: '{}',
  seal: 's',
  ...more,
})

const drivers: Record<string, () => ApprovalStore> = {
  memory: memoryStore,
  sqlite: () => sqliteApprovalStore({ path: file() }),
  'keyv over memory': () => fromKeyv(new Keyv()),
  'keyv over a map': () => fromKeyv(new Keyv({ store: new Map() })),
  'keyv over sqlite': () => fromKeyv(new Keyv({ store: sqliteStore({ path: file() }) })),
}

describe.each(Object.entries(drivers))('the %s driver', (_name, open) => {
  it('gives one of many concurrent swaps of a revision the win', async () => {
    const store = open()
    await store.create(row('a'))
    const swaps = await Promise.all(
      Array.from({ length: 50 }, (_, n) => store.swap(1, row('a', { rev: 2, attempt: `${n}` }))),
    )
    expect(swaps.filter((swapped) => swapped === 'done')).toHaveLength(1)
    expect((await store.get('a'))?.attempt).toBe(`${swaps.indexOf('done')}`)
    await store.close()
  })

  it('refuses a swap of a revision that is not the stored one, and of a row that is not there', async () => {
    const store = open()
    await store.create(row('a'))
    expect(await store.swap(2, row('a', { rev: 3 }))).toBe('conflict')
    expect(await store.swap(1, row('b', { rev: 2 }))).toBe('conflict')
    expect((await store.get('a'))?.rev).toBe(1)
    await store.close()
  })

  it('creates one row for one call, whoever asks and however often', async () => {
    const store = open()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.create(row(`id-${n}`, { idem: 'run-1/call-1' }))),
    )
    expect(answers.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(answers.map((answer) => answer.row.id)).size).toBe(1)
    expect((await store.findByCall('default', 'run-1/call-1'))?.id).toBe(answers[0]?.row.id)
    expect(await store.findByCall('other', 'run-1/call-1')).toBeUndefined()
    await store.close()
  })

  it('keeps calls of different tenants apart', async () => {
    const store = open()
    const a = await store.create(row('a', { idem: 'x', tenant: 't1' }))
    const b = await store.create(row('b', { idem: 'x', tenant: 't2' }))
    expect([a.created, b.created]).toEqual([true, true])
    await store.close()
  })

  it('lists in order of id, by state and tenant, page after page', async () => {
    const store = open()
    for (const id of ['c', 'a', 'e', 'b', 'd']) await store.create(row(id))
    await store.swap(1, row('b', { rev: 2, state: 'approved' }))
    await store.create(row('f', { tenant: 'other' }))
    const ids = async (query: Parameters<typeof store.list>[0]) =>
      (await store.list(query)).map(({ id }) => id)
    expect(await ids({ limit: 3 })).toEqual(['a', 'b', 'c'])
    expect(await ids({ limit: 3, after: 'c' })).toEqual(['d', 'e', 'f'])
    expect(await ids({ limit: 9, state: 'pending', tenant: 'default' })).toEqual([
      'a',
      'c',
      'd',
      'e',
    ])
    expect(await ids({ limit: 9, state: 'approved' })).toEqual(['b'])
    expect(await ids({ limit: 9, tenant: 'other' })).toEqual(['f'])
    await store.close()
  })

  it('moves watermarks forward only', async () => {
    const store = open()
    await store.setWatermark('agent:a', 10)
    await store.setWatermark('agent:a', 5)
    expect(await store.watermarks(['agent:a', 'agent:b', '__proto__'])).toEqual({ 'agent:a': 10 })
    await store.close()
  })
})

describe('the SQLite file', () => {
  it('keeps what was committed for the next process, readable by its owner only', async () => {
    const path = file()
    const first = sqliteApprovalStore({ path })
    await first.create(row('a', { body: '{"x":1}' }))
    await first.close()
    const second = sqliteApprovalStore({ path })
    expect((await second.get('a'))?.body).toBe('{"x":1}')
    expect(statSync(path).mode & 0o077).toBe(0)
    await second.close()
  })

  it('commits durably: WAL with synchronous FULL', async () => {
    const store = sqliteApprovalStore({ path: file() })
    expect(store.database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    expect(store.database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    await store.close()
  })

  it('is refused when it is no database, with a code and what to do, and is left as it was', () => {
    const path = join(folder, 'broken.db')
    writeFileSync(
      path,
      'this is not a database, though it is long enough to be looked at as one'.repeat(20),
    )
    const before = statSync(path).size
    expect(() => sqliteApprovalStore({ path })).toThrowError(
      expect.objectContaining({
        code: 'LELU_STORE_CORRUPT',
        help: expect.stringContaining('backup'),
      }),
    )
    expect(statSync(path).size).toBe(before)
  })

  it('is refused when its folder cannot be made', () => {
    const blocker = join(folder, 'a-file')
    writeFileSync(blocker, '')
    expect(() => sqliteApprovalStore({ path: join(blocker, 'approvals.db') })).toThrowError(
      expect.objectContaining({ code: 'LELU_STORE_UNAVAILABLE' }),
    )
  })

  it('answers LELU_STORE_UNAVAILABLE when another connection holds it for too long, and loses nothing', async () => {
    const path = file()
    const store = sqliteApprovalStore({ path, busyTimeoutMs: 50 })
    await store.create(row('a'))
    const other = sqliteApprovalStore({ path })
    other.database.exec('BEGIN IMMEDIATE')
    await expect(store.swap(1, row('a', { rev: 2 }))).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
    })
    other.database.exec('ROLLBACK')
    expect(await store.swap(1, row('a', { rev: 2 }))).toBe('done')
    await store.close()
    await other.close()
  })
})

describe('fromKeyv', () => {
  it('refuses an adapter without an atomic operation by name', () => {
    class RemoteThing {
      async get() {}
      async set() {}
      async delete() {}
      async clear() {}
    }
    expect(() => fromKeyv(new Keyv({ store: new RemoteThing() }))).toThrowError(
      expect.objectContaining({
        code: 'LELU_STORE_NOT_ATOMIC',
        message: expect.stringContaining('RemoteThing'),
      }),
    )
  })

  it('gives two engines on one Keyv the same approvals', async () => {
    const keyv = new Keyv()
    await fromKeyv(keyv).create(row('a'))
    expect(await fromKeyv(keyv).get('a')).toBeDefined()
    expect(await fromKeyv(new Keyv()).get('a')).toBeUndefined()
  })

  it('leaves Keyv itself working over the SQLite file', async () => {
    const keyv = new Keyv({ store: sqliteStore({ path: file() }) })
    await keyv.set('k', { deep: [1, 2] })
    expect(await keyv.get('k')).toEqual({ deep: [1, 2] })
    expect(await keyv.delete('k')).toBe(true)
    expect(await keyv.get('k')).toBeUndefined()
    await keyv.disconnect()
  })
})
