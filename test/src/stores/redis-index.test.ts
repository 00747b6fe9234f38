import type { ListQuery } from '@lelu/engine'
import { type RedisServer, startRedis } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshId as fresh, rowOf as row } from './contract.ts'
import { names } from './redis/clients.ts'
import { consoleOf, skipped, storeOf, withRedis } from './redis/support.ts'

const first = '@keyv/redis 5 on Keyv 6'
const rows = 100_000
/** KEYS: a row, the sets it is in. ARGV: prefix of rows, first and last number. Copies it to each second number. */
const copies = `
for n = tonumber(ARGV[2]), tonumber(ARGV[3]), 2 do
  local id = string.format('%06d', n)
  redis.call('COPY', KEYS[1], ARGV[1] .. id)
  for set = 2, #KEYS do redis.call('ZADD', KEYS[set], 0, id) end
end`

let server: RedisServer
beforeAll(async () => {
  if (withRedis) server = await startRedis()
})
afterAll(() => server?.stop())

describe.skipIf(!withRedis)(`the index of approvals${skipped}`, () => {
  it(`reads a page of 50 of ${rows} pending ones by one script with one range`, async () => {
    const command = await consoleOf(server.url)
    const namespace = fresh()
    const store = storeOf(first, server.url, namespace)
    const prefix = `{lelu}:"${namespace}":`
    const id = (n: number) => String(n).padStart(6, '0')
    // One row of each tenant as the driver makes it, and all others put where these two are.
    for (const n of [0, 1]) await store.create(row(id(n), { tenant: n === 0 ? 'even' : 'odd' }))
    for (const n of [0, 1]) {
      const names = (await command('KEYS', `${prefix}*`)) as string[]
      const scored = await Promise.all(
        names.map(async (name) =>
          (await command('TYPE', name)) === 'zset' ? command('ZSCORE', name, id(n)) : null,
        ),
      )
      const sets = names.filter((_, index) => scored[index] !== null)
      expect(sets).toHaveLength(4)
      for (let begin = n + 2; begin < rows; begin += 10_000) {
        const end = Math.min(begin + 10_000, rows) - 1
        const keys = [`${prefix}row:${id(n)}`, ...sets]
        const args = [`${prefix}row:`, `${begin}`, `${end}`]
        await command('EVAL', copies, `${keys.length}`, ...keys, ...args)
      }
    }
    await store.list({ limit: 1 }) // now the server knows the script
    for (const of of [
      {},
      { state: 'pending' },
      { tenant: 'even' },
      { tenant: 'even', state: 'pending' },
    ]) {
      await command('CONFIG', 'RESETSTAT')
      const query = { ...of, limit: 50, after: id(50_000) } as ListQuery
      const page = await store.list(query)
      const step = query.tenant === undefined ? 1 : 2
      const expected = Array.from({ length: 50 }, (_, n) => id(50_000 + (n + 1) * step))
      expect(page.map((stored) => stored.id)).toEqual(expected)
      const stats = String(await command('INFO', 'commandstats'))
      const calls = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)]
      expect(Object.fromEntries(calls.map(([, name, n]) => [name, Number(n)]))).toEqual({
        evalsha: 1,
        zrangebylex: 1,
        hmget: 50,
      })
    }
  })

  it('reads what is due by one script with one range, however much there is', async () => {
    const command = await consoleOf(server.url)
    const store = storeOf(first, server.url, fresh())
    const id = (n: number) => String(n).padStart(4, '0')
    const made = Array.from({ length: 300 }, (_, n) => store.create(row(id(n), { due: n })))
    await Promise.all(made)
    await store.due(0, 1) // now the server knows the script
    await command('CONFIG', 'RESETSTAT')
    expect(await store.due(250, 20)).toHaveLength(20)
    const stats = String(await command('INFO', 'commandstats'))
    const calls = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)]
    expect(Object.fromEntries(calls.map(([, name, n]) => [name, Number(n)]))).toEqual({
      ...{ evalsha: 1, zrangebyscore: 1, exists: 20, hmget: 20 },
    })
  })

  it('keeps nothing of a row that is not due any more', async () => {
    const command = await consoleOf(server.url)
    const namespace = fresh()
    const store = storeOf(first, server.url, namespace)
    await store.create(row('a', { due: 5 }))
    const due = async () => [
      await command('ZRANGE', `{lelu}:"${namespace}":due`, '0', '-1', 'WITHSCORES'),
      await command('HGET', `{lelu}:"${namespace}":row:a`, 'due'),
    ]
    expect(await due()).toEqual([['a', '5'], '5'])
    await store.swap(1, row('a', { rev: 2, due: 1_795_616_537_203 }))
    expect(await due()).toEqual([['a', '1795616537203'], '1795616537203'])
    await store.swap(2, row('a', { rev: 3 }))
    expect(await due()).toEqual([[], null])
  })

  it('is left by the state an approval leaves, whatever way it goes', async () => {
    const command = await consoleOf(server.url)
    const namespace = fresh()
    const store = storeOf(first, server.url, namespace)
    await store.create(row('a'))
    const states = [
      'approved',
      'executing',
      'unknown',
      'approved',
      'executing',
      'completed',
    ] as const
    for (const [n, state] of states.entries()) {
      expect(await store.swap(n + 1, row('a', { rev: n + 2, state }))).toBe('done')
      for (const tenant of [{}, { tenant: 'default' }]) {
        for (const other of ['pending', ...states] as const) {
          const found = await store.list({ ...tenant, state: other, limit: 9 })
          expect(found.map(({ id }) => id)).toEqual(other === state ? ['a'] : [])
        }
      }
    }
    const sets = (await command('KEYS', `{lelu}:"${namespace}":*state*`)) as string[]
    expect(sets.sort()).toEqual([
      `{lelu}:"${namespace}":state:completed`,
      `{lelu}:"${namespace}":tenant-state:completed:"default"`,
    ])
  })
})

describe.skipIf(!withRedis).each(names)(
  `what somebody wrote into the server, over %s${skipped}`,
  (name) => {
    async function open() {
      const namespace = fresh()
      const store = storeOf(name, server.url, namespace)
      await store.open()
      return { store, command: await consoleOf(server.url), prefix: `{lelu}:"${namespace}":` }
    }

    it('does not give a call the approval of another call', async () => {
      const { store, command, prefix } = await open()
      await store.create(row('a', { idem: 'cheap' }))
      await command('SET', `${prefix}call:["default","dear"]`, 'a')
      const altered = { code: 'LELU_APPROVAL_ALTERED' }
      await expect(store.findByCall('default', 'dear')).rejects.toMatchObject(altered)
      await expect(store.create(row('b', { idem: 'dear' }))).rejects.toMatchObject(altered)
      await command('SET', `${prefix}call:["other","cheap"]`, 'a')
      await expect(store.findByCall('other', 'cheap')).rejects.toMatchObject(altered)
    })

    it('does not show a tenant the approval of another', async () => {
      const { store, command, prefix } = await open()
      await store.create(row('a', { tenant: 'one' }))
      await store.create(row('b', { tenant: 'two' }))
      await command('ZADD', `${prefix}tenant:"two"`, '0', 'a')
      // Under its id is nothing of it: named as altered, as it counts in the page.
      const [a, b] = await store.list({ tenant: 'two', limit: 9 })
      expect(a).toMatchObject({ id: 'a', tenant: '', state: '', body: '', seal: '' })
      expect(b).toMatchObject({ id: 'b', tenant: 'two' })
    })

    it('does not give an approval under the id of another', async () => {
      const { store, command, prefix } = await open()
      await store.create(row('a'))
      await command('COPY', `${prefix}row:a`, `${prefix}row:b`)
      // The seal covers the id: under this one it does not hold.
      expect((await store.get('b'))?.id).toBe('b')
    })

    it('leaves what is missing of a row to the seal, also where nothing is left of it', async () => {
      const { store, command, prefix } = await open()
      await store.create(row('a', { idem: 'x' }))
      await command('HDEL', `${prefix}row:a`, 'tenant', 'state', 'idem', 'seal', 'audited')
      const empty = { tenant: '', state: '', idem: null, seal: '', audited: 0 }
      expect(await store.get('a')).toMatchObject(empty)
      await command('HSET', `${prefix}row:a`, 'audited', 'many', 'rev', 'first')
      expect(await store.get('a')).toMatchObject({ audited: 0, rev: Number.NaN })
      await command('ZADD', `${prefix}all`, '0', 'nobody')
      expect((await store.list({ limit: 9 }))[1]).toMatchObject({ id: 'nobody', ...empty })
      expect(await store.get('nobody')).toBeUndefined()
    })

    it('does not let what somebody deleted stand before what is due', async () => {
      const { store, command, prefix } = await open()
      for (const [n, id] of ['a', 'b', 'c'].entries()) await store.create(row(id, { due: n }))
      await command('DEL', `${prefix}row:a`, `${prefix}row:b`)
      await store.due(9, 2)
      expect((await store.due(9, 2)).map(({ id }) => id)).toEqual(['c'])
      await command('HSET', `${prefix}row:c`, 'due', 'soon')
      expect(await store.due(9, 2)).toMatchObject([{ id: 'c', due: null }])
    })

    it('makes a revocation that is no number an error, and not none', async () => {
      const { store, command, prefix } = await open()
      await store.setWatermark('agent:a', 5)
      await command('HSET', `${prefix}watermarks`, 'agent:a', 'never')
      await expect(store.watermarks(['agent:a'])).rejects.toMatchObject({
        code: 'LELU_STORE_CORRUPT',
      })
      await store.setWatermark('agent:a', 7)
      expect(await store.watermarks(['agent:a'])).toEqual({ 'agent:a': 7 })
    })
  },
)
