import type { ApprovalStore } from '@lelu/engine'
import { type RedisServer, startRedis } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { driverContract, freshId as fresh, rowOf as row } from './contract.ts'
import { names } from './redis/clients.ts'
import { skipped, storeOf, withRedis } from './redis/support.ts'

let server: RedisServer
beforeAll(async () => {
  if (withRedis) server = await startRedis()
})
afterAll(() => server?.stop())

describe.skipIf(!withRedis).each(names)(`%s${skipped}`, (name) => {
  driverContract(name, async () => storeOf(name, server.url))

  const open = (namespace = fresh()): ApprovalStore => storeOf(name, server.url, namespace)

  it('answers a row as it was stored, whatever is in its text', async () => {
    const store = open()
    const body = '{"text":"line\\n \u0000 é 漢 😀 \r\n$5 {lelu}"}'
    const stored = row('a', { idem: 'x', body, createdAt: 1795616537203, audited: 3 })
    expect(await store.create(stored)).toEqual({ created: true, row: stored })
    expect(await store.get('a')).toEqual(stored)
    expect(await store.list({ limit: 9 })).toEqual([stored])
    expect(await store.create({ ...stored, attempt: 'other' })).toEqual({
      created: false,
      row: stored,
    })
  })

  it('keeps calls of different tenants apart, however they are named', async () => {
    const store = open()
    const calls = [
      ['t1', 'x'],
      ['t2', 'x'],
      ['t', '1:x'],
      ['t:1', 'x'],
      ['t","1', 'x'],
      ['t', '1","x'],
    ] as const
    for (const [n, [tenant, idem]] of calls.entries()) {
      expect((await store.create(row(`${n}`, { tenant, idem }))).created).toBe(true)
    }
    for (const [n, [tenant, idem]] of calls.entries()) {
      expect((await store.findByCall(tenant, idem)).row?.id).toBe(`${n}`)
    }
  })

  it('moves watermarks forward only, whatever their names', async () => {
    const store = open()
    await store.setWatermark('agent:a', 10)
    await store.setWatermark('agent:a', 5)
    expect(await store.watermarks(['agent:a', 'agent:b', '__proto__'])).toEqual({ 'agent:a': 10 })
    await store.setWatermark('__proto__', 1795616537203)
    const marks = await store.watermarks(['constructor', '__proto__', 'agent:a'])
    expect(Object.entries(marks)).toEqual([
      ['__proto__', 1795616537203],
      ['agent:a', 10],
    ])
    expect(await store.watermarks([])).toEqual({})
  })

  it('swaps only inside the window, by the clock of the server, and looks at the revision first', async () => {
    const store = open()
    await store.create(row('a'))
    const now = (await store.clock?.()) ?? Number.NaN
    expect(Math.abs(now - Date.now())).toBeLessThan(60_000)
    const next = row('a', { rev: 2 })
    expect(await store.swap(1, next, { before: now })).toBe('late')
    expect(await store.swap(1, next, { notBefore: now + 60_000 })).toBe('early')
    expect(await store.swap(7, next, { before: now })).toBe('conflict')
    expect(await store.swap(7, next, { notBefore: now + 60_000 })).toBe('conflict')
    expect((await store.get('a'))?.rev).toBe(1)
    expect(await store.swap(1, next, { before: now + 60_000, notBefore: now })).toBe('done')
  })

  it('creates no second row with the id of another, whatever its call', async () => {
    const store = open()
    const stored = row('a', { idem: 'x' })
    await store.create(stored)
    for (const idem of [null, 'y']) {
      const answer = await store.create(row('a', { idem, attempt: 'another' }))
      expect(answer).toEqual({ created: false, row: stored })
    }
    expect((await store.findByCall('default', 'y')).row).toBeUndefined()
  })

  it('makes no row of a note about one that is not there', async () => {
    const store = open()
    await store.markAudited([{ id: 'a', audited: 1 }])
    expect(await store.get('a')).toBeUndefined()
    expect((await store.create(row('a'))).created).toBe(true)
  })

  it('keeps namespaces apart in everything', async () => {
    const one = open()
    const other = open()
    await one.create(row('a', { idem: 'x' }))
    await one.setWatermark('agent:a', 5)
    expect(await other.get('a')).toBeUndefined()
    expect((await other.findByCall('default', 'x')).row).toBeUndefined()
    expect(await other.list({ limit: 9 })).toEqual([])
    expect(await other.watermarks(['agent:a'])).toEqual({})
    expect((await other.create(row('a', { idem: 'x' }))).created).toBe(true)
  })
})

it.skipIf(!withRedis)(
  `clients of different kinds see the same approvals, with a namespace and without one${skipped}`,
  async () => {
    for (const namespace of [fresh(), undefined]) {
      const id = fresh()
      await storeOf('@keyv/valkey on Keyv 6', server.url, namespace).create(row(id))
      for (const name of names) {
        expect((await storeOf(name, server.url, namespace).get(id))?.id, name).toBe(id)
      }
    }
  },
)

it.skipIf(!withRedis)(
  `an id cannot be made to name what is in another namespace${skipped}`,
  async () => {
    const namespace = fresh()
    await storeOf('@keyv/redis 5 on Keyv 6', server.url, namespace).create(row('a'))
    const unnamed = storeOf('@keyv/redis 5 on Keyv 6', server.url)
    const outer = storeOf('@keyv/redis 5 on Keyv 6', server.url, 'row')
    await outer.create(row('b'))
    for (const id of [`${namespace}:row:a`, `"${namespace}":row:a`, 'row:b', '"row":row:b']) {
      expect(await unnamed.get(id)).toBeUndefined()
    }
  },
)
