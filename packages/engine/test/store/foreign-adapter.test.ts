import { Keyv, KeyvBridgeAdapter, KeyvMemoryAdapter } from 'keyv'
import { describe, expect, it } from 'vitest'
import { fromKeyv, sqliteStore } from '../../src/index.ts'
import { temporaryFolder } from '../support.ts'

/** An adapter of somebody else that keeps what it has read in a Map. */
class RemoteWithCache {
  readonly store = new Map<string, unknown>()
  async get(key: string) {
    return this.store.get(key)
  }
  async set(key: string, value: unknown) {
    this.store.set(key, value)
    return true
  }
  async delete(key: string) {
    return this.store.delete(key)
  }
  async has(key: string) {
    return this.store.has(key)
  }
  async clear() {
    this.store.clear()
  }
}

/** The same as a getter of its class, and with the contract of Keyv 6. */
class RemoteOfKeyv6 extends RemoteWithCache {
  readonly capabilities = { expires: true }
  readonly _store = new Map()
}

/** One that is more than what Keyv has in memory. */
class Replicated extends KeyvMemoryAdapter {}

/** Has the methods of a Map, and forgets what it has no place for. */
class Lru extends Map<string, unknown> {}

const refused = (name: string) =>
  expect.objectContaining({
    code: 'LELU_STORE_NOT_ATOMIC',
    message: expect.stringContaining(name),
  })

describe('an adapter of somebody else', () => {
  it.each([
    ['that keeps a Map', new RemoteWithCache()],
    ['that keeps a Map, by the contract of Keyv 6', new RemoteOfKeyv6()],
    ['that keeps another adapter', { ...new RemoteWithCache(), store: new RemoteWithCache() }],
    ['that is made from one of Keyv', new Replicated(new Map())],
    ['around a Keyv', new Keyv()],
    ['that is made from a Map', new Lru()],
    ['that has no prototype', Object.assign(Object.create(null), { store: new Map() })],
  ])('%s is not taken for what it keeps', (_what, adapter) => {
    const name = adapter.constructor?.name ?? ''
    // As Keyv 5 has it, and between the wrappers of Keyv 6.
    expect(() => fromKeyv({ store: adapter, get: async () => undefined })).toThrowError(
      refused(name),
    )
    if (name === 'Object' || name === '') return
    expect(() => fromKeyv(new Keyv({ store: adapter }))).toThrowError(refused(name))
    expect(() => fromKeyv(new Keyv({ store: new KeyvBridgeAdapter(adapter) }))).toThrowError(
      refused(name),
    )
  })
})

it('an adapter that is passed for a Keyv of it is refused, and said to be none', async () => {
  const adapter = sqliteStore({ path: `${temporaryFolder()}/a.db` })
  for (const store of [
    adapter,
    new RemoteWithCache().store,
    {},
    null,
    'sqlite://a.db',
  ] as never[]) {
    expect(() => fromKeyv(store)).toThrowError(
      expect.objectContaining({
        code: 'LELU_OPTIONS_INVALID',
        help: expect.stringContaining('new Keyv({ store })'),
      }),
    )
  }
  await adapter.disconnect()
})

describe('an adapter that Lelu knows', () => {
  it('is found below the wrappers of Keyv 6, and where there are none', async () => {
    const map = new Map()
    const memory = [{ store: map, get: async () => undefined }, new Keyv({ store: map })]
    const wrapped = new Keyv({ store: new KeyvMemoryAdapter(map) })
    expect(new Set([...memory, wrapped].map((keyv) => fromKeyv(keyv))).size).toBe(1)
    const adapter = sqliteStore({ path: `${temporaryFolder()}/a.db` })
    const bridged = new Keyv({ store: new KeyvBridgeAdapter(adapter) })
    expect(fromKeyv(bridged)).toBe(fromKeyv({ store: adapter, get: async () => undefined }))
    await adapter.disconnect()
  })
})
