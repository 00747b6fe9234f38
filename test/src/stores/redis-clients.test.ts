import KeyvRedis, { createClient, createCluster, createSentinel } from '@keyv/redis'
import KeyvRedis6, {
  createClient as createClient6,
  createCluster as createCluster6,
  createSentinel as createSentinel6,
} from '@keyv/redis-6'
import KeyvValkey from '@keyv/valkey'
import { fromKeyv } from '@lelu/engine'
import { Keyv } from 'keyv'
import { describe, expect, it, onTestFinished } from 'vitest'
import { rowOf } from './contract.ts'
import { cutOff, names } from './redis/clients.ts'
import { consoleOf, keyvOf, serverOf, skipped, withRedis } from './redis/support.ts'

type Emitter = { listenerCount(event: string): number }

const nodes = { rootNodes: [{ url: 'redis://127.0.0.1:1' }] }
const sentinels = { name: 'lelu', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }

const unconnected = { lazyConnect: true, name: 'lelu' }

/** A cluster client, as far as it is told from another: the adapter does not export the class. */
function valkeyCluster(): object {
  const adapter = new KeyvValkey(unconnected as never)
  Object.assign((adapter as unknown as { redis: object }).redis, { isCluster: true })
  return adapter
}

/** None of these connects to anything. */
const refused: [string, string, () => object][] = [
  ['cluster', '@keyv/redis 5', () => new KeyvRedis(createCluster(nodes) as never)],
  ['cluster', '@keyv/redis 6', () => new KeyvRedis6(createCluster6(nodes) as never)],
  ['cluster', '@keyv/valkey', valkeyCluster],
  ['sentinel', '@keyv/redis 5', () => new KeyvRedis(createSentinel(sentinels) as never)],
  ['sentinel', '@keyv/redis 6', () => new KeyvRedis6(createSentinel6(sentinels) as never)],
  [
    'sentinel',
    '@keyv/valkey',
    () => new KeyvValkey({ ...unconnected, sentinels: [{ host: '127.0.0.1', port: 1 }] } as never),
  ],
]

describe('a client that may lose a claim in a failover', () => {
  it.each(refused)('is refused: a %s client of %s', (kind, _adapter, make) => {
    expect(() => fromKeyv(new Keyv({ store: make() as never }))).toThrowError(
      expect.objectContaining({
        code: 'LELU_STORE_NOT_ATOMIC',
        message: expect.stringContaining(`a ${kind} client`),
        help: expect.stringContaining('failover'),
      }),
    )
  })
})

describe.skipIf(!withRedis).each(names)(`the client of %s${skipped}`, (name) => {
  it('is left open when the store is closed, and gets no listeners twice', async () => {
    const { url } = await serverOf()
    const keyv = keyvOf(name, url)
    const { store } = keyv as { store: { store?: object } }
    const adapter = (store.store ?? store) as { client?: Emitter; redis?: Emitter }
    const client = (adapter.client ?? adapter.redis) as Emitter
    const driver = fromKeyv(keyv)
    await driver.open()
    const before = client.listenerCount('error')
    await fromKeyv(new Keyv({ store: store as never, namespace: 'another' })).open()
    expect(client.listenerCount('error')).toBe(before)
    await driver.close()
    const still = new Keyv({ store: store as never })
    await still.set('key', 'value')
    expect(await still.get('key')).toBe('value')
  })
})

/** Options of clients that change keys or replies. `36` is the type of strings in the protocol. */
const configured: Record<string, (url: string) => object> = {
  '@keyv/redis 5 with buffers for strings': (url) =>
    new KeyvRedis(createClient({ url, commandOptions: { typeMapping: { 36: Buffer } } }) as never),
  '@keyv/redis 5 with RESP 3': (url) => new KeyvRedis(createClient({ url, RESP: 3 }) as never),
  '@keyv/redis 6 with a key prefix': (url) =>
    new KeyvRedis6(createClient6({ url, keyPrefix: 'app:' }) as never),
  '@keyv/valkey with a key prefix': (url) => new KeyvValkey(url, { keyPrefix: 'app:' } as never),
  '@keyv/valkey with automatic pipelines': (url) =>
    new KeyvValkey(url, { enableAutoPipelining: true } as never),
}

describe.skipIf(!withRedis).each(Object.entries(configured))(`%s${skipped}`, (name, make) => {
  it('keeps approvals as any other, under its prefix', async () => {
    const { url } = await serverOf()
    const keyv = new Keyv({ store: make(url) as never })
    keyv.on('error', () => {})
    onTestFinished(() => cutOff(keyv))
    const store = fromKeyv(keyv)
    const row = rowOf('a', { idem: 'x' })
    expect(await store.create(row)).toEqual({ created: true, row })
    expect(await store.swap(1, rowOf('a', { rev: 2, idem: 'x' }))).toBe('done')
    expect(await store.findByCall('default', 'x')).toMatchObject({ row: { id: 'a', rev: 2 } })
    expect(await store.list({ state: 'pending', limit: 9 })).toHaveLength(1)
    await store.setWatermark('agent:a', 5)
    expect(await store.watermarks(['agent:a'])).toEqual({ 'agent:a': 5 })
    const prefix = name.includes('prefix') ? 'app:' : ''
    const keys = (await (await consoleOf(url))('KEYS', '*')) as string[]
    expect(keys.filter((key) => !key.startsWith(`${prefix}{lelu}:`))).toEqual([])
  })
})
