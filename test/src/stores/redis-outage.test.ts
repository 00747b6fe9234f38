import { describe, expect, it, vi } from 'vitest'
import { freshId, rowOf } from './contract.ts'
import { names } from './redis/clients.ts'
import { stallingProxy } from './redis/proxy.ts'
import { consoleOf, serverOf, skipped, storeOf, untilReady, withRedis } from './redis/support.ts'

const unavailable = { code: 'LELU_STORE_UNAVAILABLE' }

describe.skipIf(!withRedis).each(names)(`%s, when its server is gone${skipped}`, (name) => {
  it('says no at once, does nothing of it later, and works again with the server', async () => {
    const server = await serverOf()
    const store = storeOf(name, server.url)
    await store.create(rowOf('a'))
    await server.kill()
    const atOnce = { ...unavailable, message: expect.stringContaining('is not connected') }
    await vi.waitFor(() => expect(store.get('a')).rejects.toMatchObject(atOnce), 30_000)
    const begun = performance.now()
    const refused = [
      store.create(rowOf('b')),
      store.swap(1, rowOf('a', { rev: 2 })),
      store.get('a'),
      store.list({ limit: 1 }),
      store.setWatermark('agent:a', 5),
      store.watermarks(['agent:a']),
      store.clock?.(),
    ]
    for (const operation of refused) await expect(operation).rejects.toMatchObject(atOnce)
    expect(performance.now() - begun).toBeLessThan(5000) // not the deadline
    await server.restart()
    expect((await untilReady(async () => store.get('a')))?.rev).toBe(1)
    expect(await store.get('b')).toBeUndefined()
    expect(await store.watermarks(['agent:a'])).toEqual({})
    expect(await store.swap(1, rowOf('a', { rev: 2 }))).toBe('done')
  })

  it('rejects what was on its way, and neither sends it again nor sends what waited behind it', async () => {
    const { port } = await serverOf()
    const proxy = await stallingProxy(port)
    const store = storeOf(name, proxy.url)
    const ids = Array.from({ length: 30 }, () => freshId())
    for (const id of ids) await store.create(rowOf(id))
    expect(await store.swap(7, rowOf('none'))).toBe('conflict') // now the server knows the script
    proxy.stall()
    // More than the socket takes, so that some of it still waits in the client.
    const body = 'x'.repeat(1_000_000)
    const swaps = ids.map((id) => store.swap(1, rowOf(id, { rev: 2, body })))
    const settled = Promise.allSettled(swaps)
    await new Promise((next) => setTimeout(next, 200))
    proxy.cut()
    for (const swap of await settled) {
      expect(swap).toMatchObject({ status: 'rejected', reason: unavailable })
    }
    // Whatever the client kept goes before what is sent now.
    await untilReady(async () => store.get('none'))
    const rows = await Promise.all(ids.map((id) => store.get(id)))
    expect(rows.map((stored) => stored?.rev)).toEqual(ids.map(() => 1))
  })

  it('is told no of stops and revocations that became a replica with its connections open', async () => {
    const server = await serverOf()
    const store = storeOf(name, server.url)
    const say = await consoleOf(server.url)
    const row = rowOf(freshId(), { idem: 'call' })
    await store.create(row)
    await say('REPLICAOF', '127.0.0.1', '1')
    const asked = [
      store.watermarks(['all']),
      store.findByCall('default', 'call', ['all']),
      store.findByCall('default', 'none', ['all']),
      store.swap(1, { ...row, rev: 2 }),
    ]
    for (const one of await Promise.allSettled(asked)) {
      expect(one).toMatchObject({ status: 'rejected', reason: unavailable })
    }
    await say('REPLICAOF', 'NO', 'ONE')
    expect(await store.watermarks(['all'])).toEqual({})
    expect((await store.findByCall('default', 'call', ['all'])).row).toEqual(row)
  })

  it('cannot be opened before the server is there, and can afterwards', async () => {
    const server = await serverOf()
    await server.kill()
    const store = storeOf(name, server.url, undefined, { deadlineMs: 1700 })
    const begun = performance.now()
    await expect(store.open()).rejects.toMatchObject(unavailable)
    expect(performance.now() - begun).toBeLessThan(10_000) // as a client by itself would try for ever
    await server.restart()
    await untilReady(() => store.open())
    expect((await store.create(rowOf('a'))).created).toBe(true)
  })
})

it.skipIf(!withRedis)(
  `a server that lets it connect and never answers is not waited for for ever${skipped}`,
  async () => {
    const server = await serverOf()
    server.pause()
    const stores = names.map((name) => storeOf(name, server.url, undefined, { deadlineMs: 1700 }))
    for (const opened of await Promise.allSettled(stores.map((store) => store.open()))) {
      expect(opened).toMatchObject({ status: 'rejected', reason: unavailable })
    }
    server.resume()
    for (const store of stores) await untilReady(() => store.open())
  },
)
