import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { KeyvSqlite } from '@keyv/sqlite-6'
import { createLelu, fromKeyv, type Lelu, type StorageOptions, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { freshId, rowOf } from './contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'lelu-locked-'))
const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const policies = {
  modules: [
    {
      path: 'pays.rego',
      source: `package lelu.authz

allow if input.action == "look"

require_approval if input.action == "pay"
`,
    },
  ],
}

const rita = { id: 'rita', issuer: 'test', method: 'test' }
const request = (tool: string, run: string) => ({
  subject: { id: 'agent', type: 'agent' as const },
  run,
  call: { id: 'c', tool, effect: 'non_idempotent' as const, input: {} },
})

/** Another connection that writes, and does not come to an end. */
function lock(path: string): () => void {
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  return () => other.close()
}

/** Where the approvals of an engine in this directory are, and what it is told of them. */
const stores: Record<string, (path: string) => StorageOptions['store']> = {
  'the file of the engine': () => undefined,
  sqliteStore: (path) => new Keyv({ store: sqliteStore({ path }) }),
  '@keyv/sqlite': (path) => new Keyv({ store: new KeyvSqlite(`sqlite://${path}`) }),
}

describe.each(Object.entries(stores))('%s, while another process writes', (_name, storeAt) => {
  async function open(storeDeadlineMs: number): Promise<{
    lelu: Lelu
    path: string
    approved(run: string): Promise<string>
  }> {
    const directory = mkdtempSync(join(folder, 'engine-'))
    const path = join(directory, 'approvals.db')
    const store = storeAt(path)
    const options = { directory, policies, storeDeadlineMs, ...(store && { store }) }
    const lelu = await createLelu(options)
    endings.push(() => lelu.close())
    const approved = async (run: string) => {
      const outcome = await lelu.guard(request('pay', run), () => 'ran')
      if (outcome.status !== 'suspended') throw new Error(outcome.status)
      const { id } = outcome.approval
      await lelu.approvals.review(id, { verdict: 'approve', reviewer: rita })
      return id
    }
    return { lelu, path, approved }
  }

  it('denies in time, holds nobody up who needs no write, and goes on after it', async () => {
    const { lelu, path, approved } = await open(4000)
    const ids = await Promise.all(['a', 'b', 'c', 'd'].map(approved))
    const unlock = lock(path)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    const ended: string[] = []
    const ending = async (id: string) => {
      const [outcome] = await Promise.allSettled([lelu.resume(id, () => 'ran')])
      ended.push(id)
      return outcome
    }
    delay.enable()
    const denied = ids.map(ending)
    await sleep(20) // so that the first of them has met the lock
    expect(await lelu.decide(request('look', 'e'))).toMatchObject({ effect: 'allow' })
    expect(ended).toEqual([])
    // While the lock is still held.
    for (const outcome of await Promise.all(denied)) {
      expect(outcome).toMatchObject({ reason: { code: 'LELU_STORE_UNAVAILABLE' } })
    }
    delay.disable()
    // It was the whole deadline: as long as SQLite itself was told to wait.
    expect(delay.max / 1e6).toBeLessThan(3500)
    unlock()
    for (const id of ids) {
      expect(await lelu.resume(id, () => 'ran')).toMatchObject({ status: 'executed', value: 'ran' })
    }
  })

  it('is written to as soon as the other is done', async () => {
    const { lelu, path, approved } = await open(20_000)
    const id = await approved('a')
    setTimeout(lock(path), 300)
    expect(await lelu.resume(id, () => 'ran')).toMatchObject({ status: 'executed' })
  })
})

it('a sqliteStore is waited for no longer than the engine with the shortest deadline waits', async () => {
  const path = join(folder, 'shared.db')
  const adapter = sqliteStore({ path })
  const store = fromKeyv(new Keyv({ store: adapter }), { deadlineMs: 60_000 })
  fromKeyv(new Keyv({ store: adapter }), { deadlineMs: 100 })
  endings.push(() => store.close())
  endings.push(lock(path))
  const began = performance.now()
  await expect(store.create(rowOf(freshId()))).rejects.toMatchObject({
    code: 'LELU_STORE_UNAVAILABLE',
  })
  // The other deadline is 60 s.
  expect(performance.now() - began).toBeLessThan(20_000)
})

it('what was answered with no is not written later, however long the process stood still', async () => {
  const path = join(folder, 'late.db')
  const store = fromKeyv(new Keyv({ store: sqliteStore({ path }) }), { deadlineMs: 400 })
  endings.push(() => store.close())
  const unlock = lock(path)
  const [late, later] = [freshId(), freshId()]
  const writing = expect(store.create(rowOf(late))).rejects.toMatchObject({
    code: 'LELU_STORE_UNAVAILABLE',
  })
  await sleep(50)
  unlock()
  // Its time is over before the next try comes, and so is the lock.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400)
  await store.create(rowOf(later))
  await writing
  expect(await store.get(late)).toBeUndefined()
  expect(await store.get(later)).toBeDefined()
})

it('a hint waits for nobody, and is written when there is a way', async () => {
  const path = join(folder, 'hint.db')
  const store = fromKeyv(new Keyv({ store: sqliteStore({ path }) }), { deadlineMs: 10_000 })
  endings.push(() => store.close())
  const id = freshId()
  await store.create(rowOf(id))
  const unlock = lock(path)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  await store.markAudited([{ id, audited: 3 }])
  await sleep(300)
  delay.disable()
  // SQLite would wait for its own time limit, 10 s.
  expect(delay.max / 1e6).toBeLessThan(5000)
  unlock()
  await expect.poll(async () => (await store.get(id))?.audited).toBe(3)
})

/** Writes one row after the other, as fast as it can, until it is told to stop. */
const busy = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const database = new DatabaseSync(workerData.path, { timeout: 5000 })
  const write = database.prepare("INSERT INTO lelu_keyv VALUES ('k', ?) ON CONFLICT DO UPDATE SET value = excluded.value")
  parentPort.on('message', () => process.exit())
  const round = () => {
    for (let n = 0; n < 20; n += 1) {
      database.exec('BEGIN IMMEDIATE')
      write.run(String(n))
      database.exec('COMMIT')
    }
    setImmediate(round)
  }
  round()
  parentPort.postMessage('writing')`

it('nobody starves beside another process that writes without a break', async () => {
  const path = join(folder, 'contended.db')
  const store = fromKeyv(new Keyv({ store: sqliteStore({ path }) }), { deadlineMs: 10_000 })
  endings.push(() => store.close())
  const other = new Worker(busy, { eval: true, workerData: { path } })
  endings.push(() => other.terminate())
  await once(other, 'message')
  for (let n = 0; n < 30; n += 1) await store.create(rowOf(freshId()))
})
