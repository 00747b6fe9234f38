import { fromKeyv } from '@lelu/engine'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { rowOf as row } from './contract.ts'
import { names } from './redis/clients.ts'
import {
  consoleOf,
  keyvOf,
  serverOf,
  skipped,
  storeOf,
  untilReady,
  withRedis,
} from './redis/support.ts'

const first = '@keyv/redis 5 on Keyv 6'
const unsafe = (why: string) =>
  expect.objectContaining({
    code: 'LELU_STORE_UNSAFE',
    message: expect.stringContaining(why),
    help: expect.stringContaining('allowUnsafe'),
  })

type Warning = { code?: string; message: string }

/** What this process is warned of from now on, until the test ends. */
function warnings(): () => Warning[] {
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  onTestFinished(() => emit.mockRestore())
  return () =>
    emit.mock.calls.map(([message, options]) => ({
      message: String(message),
      ...(options as object | undefined),
    }))
}

describe.skipIf(!withRedis)(`a server that is killed${skipped}`, () => {
  it.each(names)('has all it acknowledged when it is there again, over %s', async (name) => {
    const server = await serverOf()
    const store = storeOf(name, server.url)
    const acknowledged: string[] = []
    let stopped = false
    const writer = async (lane: number) => {
      for (let n = 0; !stopped; n += 1) {
        const id = `${lane}-${n}`
        try {
          const created = await store.create(row(id, { idem: id }))
          if (created.created && (await store.swap(1, row(id, { rev: 2, idem: id }))) === 'done')
            acknowledged.push(id)
        } catch {
          return
        }
      }
    }
    const writers = Array.from({ length: 8 }, (_, lane) => writer(lane))
    await vi.waitUntil(() => acknowledged.length > 300, 60_000)
    await server.kill()
    stopped = true
    await Promise.all(writers)
    await server.restart()
    await untilReady(async () => store.get('0-0'))
    const kept = await Promise.all(acknowledged.map((id) => store.get(id)))
    expect(kept.filter((stored) => stored?.rev !== 2)).toEqual([])
    const listed = new Set(
      (await store.list({ state: 'pending', limit: 100_000 })).map((r) => r.id),
    )
    expect(acknowledged.filter((id) => !listed.has(id))).toEqual([])
    expect((await store.findByCall('default', '0-0')).row?.id).toBe('0-0')
  })
})

describe.skipIf(!withRedis)(`open()${skipped}`, () => {
  it('refuses a server with the default settings, which keeps nothing over a restart', async () => {
    const server = await serverOf({ durable: false })
    for (const name of names) {
      const store = storeOf(name, server.url)
      await expect(store.open(), name).rejects.toThrowError(unsafe('append-only file'))
      // Who forgets to open it writes nothing there either.
      await expect(store.create(row('a')), name).rejects.toThrowError(unsafe('append-only file'))
    }
    expect(await (await consoleOf(server.url))('DBSIZE')).toBe(0)
  })

  it.each([
    ['allkeys-lru', { 'maxmemory-policy': 'allkeys-lru' }],
    ['volatile-ttl', { 'maxmemory-policy': 'volatile-ttl' }],
    ['appendfsync no', { appendfsync: 'no' }],
    ['no-appendfsync-on-rewrite yes', { 'no-appendfsync-on-rewrite': 'yes' }],
  ])('refuses a server with %s', async (why, config) => {
    const server = await serverOf({ config })
    await expect(storeOf(first, server.url).open()).rejects.toThrowError(unsafe(why))
  })

  it.each([
    ['has no CONFIG', { 'rename-command': 'CONFIG ""' }],
    ['does not allow CONFIG', { user: 'default on nopass ~* +@all -config' }],
  ])('refuses a server that %s: its settings cannot be checked', async (_what, config) => {
    const server = await serverOf({ config })
    for (const name of names) {
      await expect(storeOf(name, server.url).open(), name).rejects.toThrowError(
        unsafe('cannot be checked'),
      )
    }
  })

  it('only warns of what is unsafe where that is allowed', async () => {
    const warned = warnings()
    const none = await serverOf({ durable: false })
    const store = storeOf(first, none.url, undefined, { allowUnsafe: true })
    await store.open()
    expect((await store.create(row('a'))).created).toBe(true)
    expect(warned().map(({ code }) => code)).toEqual(['LELU_STORE_UNSAFE'])
    const hidden = await serverOf({ config: { 'rename-command': 'CONFIG ""' } })
    await storeOf(first, hidden.url, undefined, { allowUnsafe: true }).open()
    expect(warned().at(-1)?.message).toContain('cannot be checked')
  })

  it('refuses for one engine what another one on the same Keyv allowed', async () => {
    warnings()
    const none = await serverOf({ durable: false })
    const keyv = keyvOf(first, none.url)
    await fromKeyv(keyv, { allowUnsafe: true }).open()
    await expect(fromKeyv(keyv).open()).rejects.toThrowError(unsafe('append-only file'))
  })

  it('warns of a server that syncs once a second, and of a safe one not', async () => {
    const warned = warnings()
    const safe = await serverOf()
    await storeOf(first, safe.url).open()
    expect(warned()).toEqual([])
    const everysec = await serverOf({ config: { appendfsync: 'everysec' } })
    await storeOf(first, everysec.url).open()
    expect(warned().map(({ code }) => code)).toEqual(['LELU_STORE_EVERYSEC'])
  })

  it('is tried again after a failure', async () => {
    const server = await serverOf({ config: { 'maxmemory-policy': 'allkeys-lru' } })
    const command = await consoleOf(server.url)
    const store = storeOf(first, server.url)
    await expect(store.open()).rejects.toThrowError(unsafe('allkeys-lru'))
    await command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
    await store.open()
    expect((await store.create(row('a'))).created).toBe(true)
  })

  it('is done again after a lost connection: the server that is there then may be another', async () => {
    const server = await serverOf()
    const command = await consoleOf(server.url)
    const store = storeOf(first, server.url)
    await store.create(row('a'))
    await command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
    expect(await store.get('a')).toBeDefined()
    await command('CLIENT', 'KILL', 'SKIPME', 'yes', 'TYPE', 'normal')
    await vi.waitFor(
      () => expect(store.get('a')).rejects.toThrowError(unsafe('allkeys-lru')),
      30_000,
    )
  })

  it('refuses a replica, which loses what is written to it', async () => {
    const primary = await serverOf()
    const replica = await serverOf({
      config: { replicaof: `127.0.0.1 ${primary.port}`, 'replica-read-only': 'no' },
    })
    const store = storeOf(first, replica.url, undefined, { allowUnsafe: true })
    await expect(store.open()).rejects.toMatchObject({
      code: 'LELU_STORE_UNAVAILABLE',
      message: expect.stringContaining('replica'),
    })
  })

  it('refuses what a newer Lelu made, and leaves it as it was', async () => {
    const server = await serverOf()
    const command = await consoleOf(server.url)
    await command('SET', '{lelu}:schema', '3')
    const store = storeOf(first, server.url)
    await expect(store.create(row('a'))).rejects.toMatchObject({
      code: 'LELU_STORE_CORRUPT',
      message: expect.stringContaining('newer Lelu'),
    })
    expect(await command('GET', '{lelu}:schema')).toBe('3')
    expect(await command('DBSIZE')).toBe(1)
  })
})
