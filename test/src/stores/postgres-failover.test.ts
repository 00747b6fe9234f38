import { chownSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { KeyvPostgres } from '@keyv/postgres'
import { createLelu, fromKeyv, type Lelu } from '@lelu/engine'
import {
  hasPgBouncer,
  hasPostgres,
  type PostgresServer,
  startPgBouncer,
  startPostgres,
} from '@lelu/testing'
import { suitePolicy } from '@lelu/testing/fakes'
import { Keyv } from 'keyv'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freshId, rowOf } from './contract.ts'

const missing = hasPostgres() ? '' : ' (skipped: PostgreSQL is not installed)'
const noPooler = hasPgBouncer() ? '' : ' (skipped: PgBouncer is not installed)'

const endings: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

async function startServer(): Promise<PostgresServer> {
  const server = await startPostgres()
  endings.push(() => server.stop())
  return server
}

function keyvAt(url: string): Keyv {
  const keyv = new Keyv({ store: new KeyvPostgres({ uri: url, idleTimeoutMillis: 10 }) })
  keyv.on('error', () => {})
  return keyv
}

function storeAt(url: string, options: Parameters<typeof fromKeyv>[1] = {}) {
  const store = fromKeyv(keyvAt(url), { deadlineMs: 20_000, ...options })
  endings.push(() => store.close())
  return store
}

async function engineAt(url: string): Promise<Lelu> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-failover-'))
  endings.push(() => rmSync(directory, { recursive: true, force: true }))
  const lelu = await createLelu({ directory, store: keyvAt(url), policies: suitePolicy })
  endings.push(() => lelu.close())
  return lelu
}

/** The same server comes back as a replica of nobody, with what it knew. */
async function becomeStandby(server: PostgresServer): Promise<void> {
  const data = readlinkSync(`/proc/${server.pid()}/cwd`)
  await server.kill()
  const signal = join(data, 'standby.signal')
  writeFileSync(signal, '')
  const { uid, gid } = statSync(join(data, 'postgresql.conf'))
  chownSync(signal, uid, gid)
  await server.restart()
}

const call = (tool: string, id: string) => ({
  subject: { id: 'agent-1', type: 'agent' as const },
  call: { id, tool, input: { amount: 5 } },
  run: 'run-1',
})

const unsafe = (why: string) =>
  expect.objectContaining({ code: 'LELU_STORE_UNSAFE', message: expect.stringContaining(why) })

describe.skipIf(!hasPostgres())(`PostgreSQL, after a lost connection${missing}`, () => {
  it('that came back as a replica is not believed that nothing was stopped', async () => {
    const server = await startServer()
    const lelu = await engineAt(server.url)
    const tool = vi.fn()
    const outcome = await lelu.guard(call('allowed', 'a'), tool)
    expect(outcome).toMatchObject({ status: 'executed' })
    await becomeStandby(server)
    tool.mockClear()
    await expect(lelu.guard(call('allowed', 'b'), tool)).rejects.toEqual(unsafe('replica'))
    await expect(lelu.approvals.list()).rejects.toEqual(unsafe('replica'))
    expect(tool).not.toHaveBeenCalled()
  })

  it('that came back without fsync is refused from then on, and taken again when it is safe', async () => {
    const server = await startServer()
    const store = storeAt(server.url)
    await store.create(rowOf(freshId()))
    const admin = new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10 })
    admin.on('error', () => {})
    const comeBackWith = async (fsync: string) => {
      await admin.query(`ALTER SYSTEM SET fsync = ${fsync}`)
      await sleep(200) // until its connection has gone: nothing listens to the errors of an idle one
      await server.kill()
      await server.restart()
    }
    await comeBackWith('off')
    await expect(store.create(rowOf(freshId()))).rejects.toEqual(unsafe('fsync'))
    await comeBackWith('on')
    const id = freshId()
    await store.create(rowOf(id))
    expect(await store.get(id)).toBeDefined()
  })

  it('that is unsafe and was asked for all the same is warned of once, not for each connection', async () => {
    const server = await startServer()
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    endings.push(() => warned.mockRestore())
    const url = `${server.url}?options=-c%20synchronous_commit%3Doff`
    const store = storeAt(url, { allowUnsafe: true })
    await Promise.all(Array.from({ length: 8 }, () => store.create(rowOf(freshId()))))
    const told = warned.mock.calls.filter(([text]) => String(text).includes('synchronous_commit'))
    expect(told).toHaveLength(1)
  })
})

describe.skipIf(!hasPostgres() || !hasPgBouncer())(
  `PostgreSQL behind PgBouncer${missing || noPooler}`,
  () => {
    it('in its default settings keeps approvals, and gives up what the engine does not wait for', async () => {
      const server = await startServer()
      const pooler = await startPgBouncer(server)
      endings.push(() => pooler.stop())
      const store = storeAt(pooler.url, { deadlineMs: 1500 })
      const id = freshId()
      await store.create(rowOf(id))
      const admin = new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10 })
      const held = `WITH held AS (SELECT id FROM lelu_approval WHERE id = '${id}' FOR UPDATE) SELECT pg_sleep(4) FROM held`
      const holding = admin.query(held)
      const asleep = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()`
      await expect.poll(async () => (await admin.query(asleep))[0]?.n).toBe(1)
      await expect(store.swap(1, rowOf(id, { rev: 2 }))).rejects.toBeDefined()
      await holding
      expect((await store.get(id))?.rev).toBe(1)
    })
  },
)
