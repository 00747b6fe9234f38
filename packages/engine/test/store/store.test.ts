import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Keyv } from 'keyv'
import { afterAll, describe, expect, it } from 'vitest'
import { fromKeyv } from '../../src/store/from-keyv.ts'
import { sqliteApprovalStore } from '../../src/store/sqlite.ts'
import { sqliteStore } from '../../src/store/sqlite-keyv.ts'
import type { StoredRow } from '../../src/store/store.ts'

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
  due: null,
  body: '{}',
  seal: 's',
  ...more,
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

  it('opens for all who open it at once, new as it is', async () => {
    const [threads, rounds] = [6, 100]
    const workerData = { gate: new Int32Array(new SharedArrayBuffer(8)), threads, rounds, folder }
    const opener = new URL('sqlite-opener.ts', import.meta.url)
    const told: string[] = []
    const opened = Array.from({ length: threads }, async () => {
      const execArgv = ['--conditions=lelu:source']
      const worker = new Worker(opener, { workerData, execArgv })
      worker.on('message', (mode) => told.push(mode))
      await once(worker, 'exit')
    })
    await Promise.all(opened)
    expect(told).toEqual(Array(threads * rounds).fill('wal'))
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

  it('is refused in memory, where it is gone with the process', () => {
    expect(() => sqliteStore({ path: ':memory:' })).toThrowError(
      expect.objectContaining({
        code: 'LELU_STORE_UNSAFE',
        help: expect.stringContaining('path of a file'),
      }),
    )
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

  it('keeps namespaces of Keyv apart in memory, and not in a file: another file does that', async () => {
    const apart = async (store: object) => {
      const [one, other] = ['one', 'other'].map((namespace) => new Keyv({ store, namespace }))
      await fromKeyv(one as Keyv).create(row('a'))
      return (await fromKeyv(other as Keyv).get('a')) === undefined
    }
    expect(await apart(new Map())).toBe(true)
    const adapter = sqliteStore({ path: file() })
    expect(await apart(adapter)).toBe(false)
    await adapter.disconnect()
  })

  it.each([null, 'redis://localhost', 5])('refuses %s, which is no Keyv, with a code', (store) => {
    expect(() => fromKeyv(store as never)).toThrowError(
      expect.objectContaining({ code: 'LELU_OPTIONS_INVALID' }),
    )
  })

  it('gives two engines on one Keyv the same approvals', async () => {
    const keyv = new Keyv()
    await fromKeyv(keyv).create(row('a'))
    expect(await fromKeyv(keyv).get('a')).toBeDefined()
    expect(await fromKeyv(new Keyv()).get('a')).toBeUndefined()
  })

  it('gives two engines on one Keyv the same approvals, whatever each of them waits and allows', async () => {
    const kept = [new Keyv(), new Keyv({ store: sqliteStore({ path: file() }) })]
    for (const keyv of kept) {
      await fromKeyv(keyv, { allowUnsafe: true }).create(row('a'))
      expect(await fromKeyv(keyv, { deadlineMs: 100 }).get('a')).toBeDefined()
    }
    await kept[1]?.disconnect()
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
