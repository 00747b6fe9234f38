import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyvPostgres } from '@keyv/postgres'
import {
  createLelu,
  type FromKeyvOptions,
  fromKeyv,
  type Lelu,
  type LeluOptions,
} from '@lelu/engine'
import { hasPostgres, type PostgresServer, startPostgres } from '@lelu/testing'
import { suitePolicy } from '@lelu/testing/fakes'
import { Keyv } from 'keyv'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freshId, rowOf } from './contract.ts'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'

const endings: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function serverWith(settings: string[] = []): Promise<PostgresServer> {
  const server = await startPostgres(settings)
  endings.push(() => server.stop())
  return server
}

/** Keyv's own pool holds no idle connection: its errors have no listener. */
function keyvOn(server: PostgresServer, schema = 'public'): Keyv {
  const adapter = new KeyvPostgres({ uri: server.url, schema, idleTimeoutMillis: 10 })
  // Keyv throws what nobody listens to; its own reads and writes are not used here.
  const keyv = new Keyv({ store: adapter })
  keyv.on('error', () => {})
  return keyv
}

/** For SQL of the test's own. Two adapters that make Keyv's table at once are an error of one of them. */
function bareAdapter(server: PostgresServer): KeyvPostgres {
  const adapter = new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10 })
  adapter.on('error', () => {})
  return adapter
}

/** How many statements with this word the server is at right now. */
async function running(server: PostgresServer, word: string): Promise<number> {
  const sql = `SELECT count(*)::int AS found FROM pg_stat_activity
    WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`
  const [row] = await bareAdapter(server).query(sql, [`%${word}%`])
  return row?.found as number
}

function storeOn(server: PostgresServer, options: FromKeyvOptions = {}, schema?: string) {
  const store = fromKeyv(keyvOn(server, schema), { deadlineMs: 20_000, ...options })
  endings.push(() => store.close())
  return store
}

async function engineOn(store: Keyv, more: Partial<LeluOptions> = {}): Promise<Lelu> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-postgres-test-'))
  endings.push(() => rmSync(directory, { recursive: true, force: true }))
  const fixed = { directory, store, policies: suitePolicy, storeDeadlineMs: 20_000 }
  const lelu = await createLelu({ ...fixed, ...more })
  endings.push(() => lelu.close())
  return lelu
}

const asked = (id: string) => ({
  subject: { id: 'agent-1', type: 'agent' as const },
  call: { id, tool: 'reviewed', input: { amount: 5 } },
  run: 'run-1',
})
const unavailable = expect.objectContaining({ code: 'LELU_STORE_UNAVAILABLE' })

describe.skipIf(!hasPostgres())(`a PostgreSQL server${missing}`, () => {
  it('has its tables made once, by many that begin at the same time, in the schema of the Keyv', async () => {
    const server = await serverWith()
    const stores = Array.from({ length: 8 }, () => storeOn(server, {}, 'agents'))
    await Promise.all(stores.map((store) => store.open()))
    const id = freshId()
    await stores[0]?.create(rowOf(id))
    for (const store of stores) expect((await store.get(id))?.id).toBe(id)
    expect(await storeOn(server).get(id)).toBeUndefined()
  })

  it('has its tables made, though somebody else makes the schema at the same moment', async () => {
    const server = await serverWith()
    const slow = bareAdapter(server).query('CREATE SCHEMA late; SELECT pg_sleep(0.7)')
    await expect.poll(() => running(server, 'pg_sleep')).toBe(1)
    const store = storeOn(server, {}, 'late')
    await Promise.all([store.open(), slow])
    expect(await store.get('apr_none')).toBeUndefined()
  })

  it('with tables of a newer Lelu is refused, and the tables are left as they are', async () => {
    const server = await serverWith()
    await storeOn(server).open()
    const adapter = bareAdapter(server)
    await adapter.query("UPDATE lelu_meta SET value = 3 WHERE name = 'schema'")
    await expect(storeOn(server).open()).rejects.toMatchObject({ code: 'LELU_STORE_CORRUPT' })
    expect(await adapter.query('SELECT value FROM lelu_meta')).toEqual([{ value: 3 }])
  })

  it.each(['fsync', 'synchronous_commit'])(
    'with %s off is refused at the start, or warned of when that was asked for',
    async (setting) => {
      const server = await serverWith([`${setting}=off`])
      await expect(storeOn(server).open()).rejects.toMatchObject({
        code: 'LELU_STORE_UNSAFE',
        message: expect.stringContaining(setting),
        help: expect.stringContaining('allowUnsafeStore'),
      })
      const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
      await storeOn(server, { allowUnsafe: true }).open()
      expect(warned).toHaveBeenCalledWith(expect.stringContaining(setting), {
        code: 'LELU_STORE_UNSAFE',
      })
      warned.mockRestore()
    },
  )

  it('that is not there when the engine starts is a clear error, and is found when it is there', async () => {
    const server = await serverWith()
    const keyv = keyvOn(server)
    await server.kill()
    await expect(engineOn(keyv)).rejects.toEqual(unavailable)
    await server.restart()
    expect(await (await engineOn(keyv)).guard(asked('a'), vi.fn())).toMatchObject({
      status: 'suspended',
    })
  })

  it('that stands still denies within the deadline, and goes on when it goes on', async () => {
    const server = await serverWith()
    const lelu = await engineOn(keyvOn(server), { storeDeadlineMs: 1500 })
    const tool = vi.fn()
    const outcome = await lelu.guard(asked('a'), tool)
    if (outcome.status !== 'suspended') throw new Error(outcome.status)
    server.pause()
    const denied = [
      lelu.guard(asked('b'), tool),
      lelu.guard(asked('a'), tool),
      lelu.resume(outcome.approval.id, tool),
      lelu.approvals.get(outcome.approval.id),
      lelu.approvals.list(),
      lelu.tokens.revoke({ agent: 'agent-1' }),
    ]
    for (const one of await Promise.allSettled(denied)) {
      expect(one).toEqual({ status: 'rejected', reason: unavailable })
    }
    expect(tool).not.toHaveBeenCalled()
    server.resume()
    await expect
      .poll(() =>
        lelu.approvals.get(outcome.approval.id).then(
          () => 1,
          () => 0,
        ),
      )
      .toBe(1)
  })

  it('that is killed loses nothing it has answered, and this process lives and goes on', async () => {
    const server = await serverWith()
    const store = storeOn(server)
    const stored: string[] = []
    const writing = (async () => {
      for (;;) {
        const id = freshId()
        await store.create(rowOf(id))
        stored.push(id)
      }
    })()
    const ended = expect(writing).rejects.toBeDefined()
    await expect.poll(() => stored.length, { timeout: 60_000 }).toBeGreaterThan(50)
    await server.kill()
    await ended
    await server.restart()
    for (const id of stored) expect((await store.get(id))?.id).toBe(id)
  })

  it('that is killed while connections are idle does not end this process', async () => {
    const server = await serverWith()
    const uri = server.url
    const keyv = new Keyv({ store: new KeyvPostgres({ uri, idleTimeoutMillis: 500 }) })
    const store = fromKeyv(keyv)
    endings.push(() => store.close())
    await keyv.get('x')
    await new Promise((resolve) => setTimeout(resolve, 1500)) // Keyv's own connection has gone
    await Promise.all(Array.from({ length: 5 }, () => store.get('apr_none')))
    await server.kill()
    await new Promise((resolve) => setTimeout(resolve, 100))
    await server.restart()
    await expect
      .poll(() => Promise.resolve(store.get('apr_none')).catch(() => 'away'))
      .toBeUndefined()
  })

  it('does not commit later what was answered with no', async () => {
    const server = await serverWith()
    const store = storeOn(server, { deadlineMs: 1500 })
    const id = freshId()
    await store.create(rowOf(id))
    const other = bareAdapter(server)
    const held = `WITH held AS (SELECT id FROM lelu_approval WHERE id = '${id}' FOR UPDATE) SELECT pg_sleep(4) FROM held`
    const holding = other.query(held)
    await expect.poll(() => running(server, 'pg_sleep')).toBe(1)
    await expect(store.swap(1, rowOf(id, { rev: 2 }))).rejects.toBeDefined()
    await holding
    await expect.poll(() => running(server, 'UPDATE')).toBe(0)
    expect((await store.get(id))?.rev).toBe(1)
  })

  it('does not begin with what nobody waits for any more, when a connection comes free', async () => {
    const server = await serverWith()
    const store = storeOn(server, { deadlineMs: 1500 })
    const id = freshId()
    await store.create(rowOf(id))
    const other = bareAdapter(server)
    const holding = other.query('LOCK TABLE lelu_approval; SELECT pg_sleep(200)').catch(() => {})
    await expect.poll(() => running(server, 'pg_sleep')).toBe(1)
    // Twice as many as there are connections: the server gives each up after a third of the deadline.
    const reading = Array.from({ length: 20 }, () => Promise.resolve(store.get(id)))
    const swapping = store.swap(1, rowOf(id, { rev: 2 }))
    await Promise.allSettled([...reading, swapping])
    // By hand: a busy machine has a deadline end late.
    await bareAdapter(server).query(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE%'",
    )
    await holding
    await expect(swapping).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
      message: expect.stringContaining('nothing was written'),
    })
    expect((await store.get(id))?.rev).toBe(1)
  })

  it('warns of a Keyv whose errors nobody hears, for Keyv would end the process', async () => {
    const server = await serverWith()
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const { url: uri } = server
    const silent = new Keyv({ store: new KeyvPostgres({ uri, idleTimeoutMillis: 10 }) })
    fromKeyv(silent)
    fromKeyv(silent)
    const heard = keyvOn(server)
    fromKeyv(heard)
    for (const keyv of [silent, heard]) await keyv.get('x') // Keyv's own table is made by now
    const codes = warned.mock.calls.map(([, options]) => (options as { code?: string }).code)
    warned.mockRestore()
    expect(codes).toEqual(['LELU_KEYV_UNHEARD'])
  })

  it('serves an engine that outlives another one on the same Keyv', async () => {
    const server = await serverWith()
    const keyv = keyvOn(server)
    const [first, second] = [await engineOn(keyv), await engineOn(keyv)]
    await first.close()
    expect(await second.guard(asked('a'), vi.fn())).toMatchObject({ status: 'suspended' })
  })

  it('decides by its own clock what is late, whatever the clocks of the processes say', async () => {
    const server = await serverWith()
    const keyv = keyvOn(server)
    const ahead = await engineOn(keyv, { now: () => Date.now() + 300_000, approveWithinMs: 60_000 })
    const outcome = await ahead.guard(asked('a'), vi.fn())
    if (outcome.status !== 'suspended') throw new Error(outcome.status)
    expect(Math.abs(outcome.approval.createdAt - Date.now())).toBeLessThan(5000)
    expect((await ahead.approvals.get(outcome.approval.id)).state).toBe('pending')
  })
})
