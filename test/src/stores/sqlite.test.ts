import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { KeyvSqlite as KeyvSqlite6 } from '@keyv/sqlite-6'
import { type ApprovalStore, createLelu, fromKeyv, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { Keyv as Keyv5 } from 'keyv-5'
import { afterAll, describe, expect, it } from 'vitest'
import { driverContract, freshId, rowOf } from './contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'lelu-stores-'))
const stores: ApprovalStore[] = []
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()))
  rmSync(folder, { recursive: true, force: true })
})

let count = 0
function freshFile(): string {
  count += 1
  return join(folder, `${count}.db`)
}

function keep(store: ApprovalStore): Promise<ApprovalStore> {
  stores.push(store)
  return store.open().then(() => store)
}

/** Version 4 needs a native part that is not built everywhere. */
const version4 = await import('@keyv/sqlite').then(
  ({ KeyvSqlite }) => ({ KeyvSqlite }),
  () => undefined,
)

driverContract('memory', () => keep(fromKeyv(new Keyv())))
driverContract('memory on Keyv 5', () => keep(fromKeyv(new Keyv5())))
driverContract('sqliteStore', () =>
  keep(fromKeyv(new Keyv({ store: sqliteStore({ path: freshFile() }) }))),
)
driverContract('sqliteStore on Keyv 5', () =>
  keep(fromKeyv(new Keyv5({ store: sqliteStore({ path: freshFile() }) }))),
)
driverContract('@keyv/sqlite 6', () =>
  keep(fromKeyv(new Keyv({ store: new KeyvSqlite6(`sqlite://${freshFile()}`) }))),
)

if (version4 === undefined) {
  it.skip('@keyv/sqlite 4 (skipped: its native part, sqlite3, is not built here)', () => {})
} else {
  const { KeyvSqlite } = version4
  driverContract('@keyv/sqlite 4', () =>
    keep(fromKeyv(new Keyv({ store: new KeyvSqlite(`sqlite://${freshFile()}`) }))),
  )
  driverContract('@keyv/sqlite 4 on Keyv 5', () =>
    keep(fromKeyv(new Keyv5({ store: new KeyvSqlite(`sqlite://${freshFile()}`) }))),
  )
}

const asks = {
  modules: [
    {
      path: 'asks.rego',
      source: `package lelu.authz

require_approval contains {"id": "ask", "reason": "a person decides"}
`,
    },
  ],
}

/** Holds the lock of the file for a while, as a process does that writes. */
const writer = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(workerData.path, { timeout: 5000 })
  database.exec('BEGIN IMMEDIATE')
  parentPort.postMessage('locked')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, workerData.ms)
  database.exec('COMMIT')
  database.close()`

it('the file that an engine makes itself is waited for no longer than its store may take', async () => {
  const directory = mkdtempSync(join(folder, 'engine-'))
  const lelu = await createLelu({ directory, policies: asks, storeDeadlineMs: 50 })
  try {
    const path = join(directory, 'approvals.db')
    const request = {
      subject: { id: 'a', type: 'agent' as const },
      run: 'r',
      call: { id: 'c', tool: 't', input: {} },
    }
    // The first call begins the audit log, which may take a slow disk longer than the lock is held.
    await lelu.guard({ ...request, run: 'first' }, () => 'ran')
    const other = new Worker(writer, { eval: true, workerData: { path, ms: 1500 } })
    const ended = once(other, 'exit')
    await once(other, 'message')
    // With the default of 1700 ms it would get the lock, and the call would be suspended.
    await expect(lelu.guard(request, () => 'ran')).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
    })
    await ended
    expect(await lelu.guard(request, () => 'ran')).toMatchObject({ status: 'suspended' })
  } finally {
    await lelu.close()
  }
})

it('a store that is closed says so to readers and to writers', async () => {
  const store = fromKeyv(new Keyv({ store: sqliteStore({ path: freshFile() }) }))
  await store.open()
  await store.close()
  for (const asked of [store.get('apr_1'), store.setWatermark('all', 1)]) {
    await expect(asked).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
      message: expect.stringContaining('the store is closed'),
    })
  }
})

describe('the file of a @keyv/sqlite', () => {
  it('keeps its mode, and what Keyv itself has in it', async () => {
    const path = freshFile()
    writeFileSync(path, '', { mode: 0o644 })
    const keyv = new Keyv({ store: new KeyvSqlite6(`sqlite://${path}`) })
    await keyv.set('own', 'value')
    const store = await keep(fromKeyv(keyv))
    const id = freshId()
    await store.create(rowOf(id))
    expect(await keyv.get('own')).toBe('value')
    expect(statSync(path).mode & 0o777).toBe(0o644)
    await keyv.clear()
    expect(await store.get(id)).toBeDefined()
  })

  it('waits for another process that writes, though the adapter was not told to', async () => {
    const path = freshFile()
    const keyv = new Keyv({ store: new KeyvSqlite6(`sqlite://${path}`) })
    const store = await keep(fromKeyv(keyv, { deadlineMs: 20_000 }))
    const other = new Worker(writer, { eval: true, workerData: { path, ms: 200 } })
    const ended = once(other, 'exit')
    await once(other, 'message')
    const id = freshId()
    await store.create(rowOf(id))
    await ended
    expect(await store.get(id)).toBeDefined()
  })

  it('is waited for as long as the store may take, and the adapter waits as it was told', async () => {
    const waits = async (busyTimeout?: number) => {
      const path = freshFile()
      const adapter = new KeyvSqlite6({
        uri: `sqlite://${path}`,
        ...(busyTimeout !== undefined && { busyTimeout }),
      })
      const store = await keep(fromKeyv(new Keyv({ store: adapter }), { deadlineMs: 900 }))
      return { path, store, told: await adapter.query('PRAGMA busy_timeout') }
    }
    // Not inside of SQLite, where the whole process would wait with it.
    const { path, store, told } = await waits()
    expect(told).toEqual([{ timeout: 0 }])
    const other = new DatabaseSync(path)
    other.exec('BEGIN IMMEDIATE')
    const began = performance.now()
    await expect(store.create(rowOf(freshId()))).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
    })
    // Half, as the engine gives a write.
    expect(performance.now() - began).toBeGreaterThan(400)
    other.close()
    expect((await waits(5000)).told).toEqual([{ timeout: 5000 }])
  })

  it('that another process is making is refused with a code, and what to tell the adapter', async () => {
    const path = freshFile()
    const other = new DatabaseSync(path)
    other.exec('BEGIN EXCLUSIVE')
    const store = fromKeyv(new Keyv({ store: new KeyvSqlite6(`sqlite://${path}`) }))
    const refused = expect.objectContaining({
      code: 'LELU_STORE_UNAVAILABLE',
      help: expect.stringContaining('busyTimeout'),
    })
    await expect(store.open()).rejects.toEqual(refused)
    await expect(store.create(rowOf(freshId()))).rejects.toEqual(refused)
    other.close()
  })

  it('in memory is refused, for it is gone with the process', async () => {
    const keyv = new Keyv({ store: new KeyvSqlite6('sqlite://:memory:') })
    await expect(fromKeyv(keyv).open()).rejects.toMatchObject({ code: 'LELU_STORE_UNSAFE' })
  })

  it('of a newer Lelu is refused, and left as it is', async () => {
    const adapter = new KeyvSqlite6(`sqlite://${freshFile()}`)
    await fromKeyv(new Keyv({ store: adapter })).open()
    await adapter.query("UPDATE lelu_meta SET value = 3 WHERE name = 'schema'")
    const again = new KeyvSqlite6(adapter.uri)
    const store = fromKeyv(new Keyv({ store: again }))
    await expect(store.open()).rejects.toMatchObject({ code: 'LELU_STORE_CORRUPT' })
    await expect(store.create(rowOf(freshId()))).rejects.toMatchObject({
      code: 'LELU_STORE_CORRUPT',
    })
  })
})
