import type { ApprovalStore } from '@lelu/engine'
import { fromKeyv } from '@lelu/engine'
import { type RedisServer, startRedis } from '@lelu/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { names } from './redis/clients.ts'
import { consoleOf, keyvOf, skipped, storeOf, withRedis } from './redis/support.ts'
import { dueRows, freshId, migrated, type OldRow, oldRows } from './rows.ts'

const first = '@keyv/redis 5 on Keyv 6'
const far = 9_999_999_999_999

let server: RedisServer
beforeAll(async () => {
  if (withRedis) server = await startRedis()
})
afterAll(() => server?.stop())

type Command = (...args: string[]) => Promise<unknown>

/** Writes a row as version 1 did. */
async function writeOld(command: Command, prefix: string, row: OldRow): Promise<void> {
  const { id, tenant, state, idem, ...rest } = row
  const values = { tenant, state, ...(idem !== null && { idem }), ...rest }
  await command('HSET', `${prefix}row:${id}`, ...Object.entries(values).flat().map(String))
  const name = JSON.stringify(tenant)
  const sets = ['all', `state:${state}`, `tenant:${name}`, `tenant-state:${state}:${name}`]
  for (const set of sets) await command('ZADD', prefix + set, '0', id)
  if (idem !== null) await command('SET', `${prefix}call:${JSON.stringify([tenant, idem])}`, id)
}

/** A namespace of its own with these rows, as version 1 left it. */
async function oldSpace(rows: OldRow[]) {
  const namespace = freshId()
  const prefix = `{lelu}:"${namespace}":`
  const command = await consoleOf(server.url)
  await command('SET', `${prefix}schema`, '1')
  await command('HSET', `${prefix}watermarks`, 'agent:a', '7')
  await Promise.all(rows.map((row) => writeOld(command, prefix, row)))
  return { namespace, prefix, command }
}

type Client = { sendCommand(args: string[], options: object): Promise<unknown> }

/** A store that calls back before its page of this number (from 1). */
function storeWith(namespace: string, number: number, act: () => Promise<unknown>): ApprovalStore {
  const keyv = keyvOf(first, server.url, namespace)
  const { client } = (keyv.store as unknown as { store: { client: Client } }).store
  const send = client.sendCommand.bind(client)
  let pages = 0
  client.sendCommand = async (args, options) => {
    const isPage = ['schema', 'all', 'due'].every((name) =>
      args.some((arg) => arg.endsWith(`:${name}`)),
    )
    // Each is sent by its hash; the first time the server does not know it, and is told its text.
    if (isPage && args[0] === 'EVALSHA') {
      pages += 1
      if (pages === number) await act()
    }
    return send(args, options)
  }
  return fromKeyv(keyv, { deadlineMs: 20_000 })
}

describe.skipIf(!withRedis)(`rows of version 1 in Redis${skipped}`, () => {
  it.each(names)('are all kept, and those due that wait for somebody, over %s', async (name) => {
    const rows = oldRows(600)
    const { namespace, prefix, command } = await oldSpace(rows)
    const store = storeOf(name, server.url, namespace)
    await store.open()
    expect(await store.list({ limit: 999 })).toEqual(rows.map(migrated))
    expect(await store.due(far, 999)).toEqual(dueRows(rows))
    expect({ ...(await store.watermarks(['agent:a'])) }).toEqual({ 'agent:a': 7 })
    // What an older Lelu refuses.
    expect(await command('GET', `${prefix}schema`)).toBe('2')
  })

  it.each([0, 1, 250, 500])('are migrated where there are %s of them', async (count) => {
    const rows = oldRows(count)
    const { namespace, prefix, command } = await oldSpace(rows)
    const store = storeOf(first, server.url, namespace)
    await store.open()
    expect(await store.due(far, 999)).toEqual(dueRows(rows))
    expect(await command('GET', `${prefix}schema`)).toBe('2')
  })

  it('are migrated by many that begin at the same time', async () => {
    const rows = oldRows(600)
    const { namespace } = await oldSpace(rows)
    const many = names.map((name) => storeOf(name, server.url, namespace))
    await Promise.all(many.map((store) => store.open()))
    for (const store of many) expect(await store.due(far, 999)).toEqual(dueRows(rows))
  })

  it('stay as a faster process wrote them, when a slower one comes to them', async () => {
    const rows = oldRows(600)
    const { namespace } = await oldSpace(rows)
    const row = migrated(rows[550] as OldRow) // of the last page
    expect(row.due).not.toBeNull()
    const next = { ...row, rev: row.rev + 1, due: null }
    const slower = storeWith(namespace, 3, async () => {
      const faster = storeOf(first, server.url, namespace)
      expect(await faster.swap(row.rev, next)).toBe('done')
    })
    await slower.open()
    expect(await slower.get(row.id)).toEqual(next)
    expect(await slower.due(far, 999)).toEqual(dueRows(rows.filter(({ id }) => id !== row.id)))
  })

  it('are migrated too when an older Lelu makes them meanwhile', async () => {
    const rows = oldRows(600)
    const { namespace, prefix, command } = await oldSpace(rows)
    const [late] = oldRows(1)
    const store = storeWith(namespace, 3, () => writeOld(command, prefix, late as OldRow))
    await store.open()
    expect(await store.due(far, 999)).toEqual(dueRows([...rows, late as OldRow]))
  })

  it('are set right after a migration that died, whatever an older Lelu did then', async () => {
    const rows = oldRows(600)
    const { namespace, prefix, command } = await oldSpace(rows)
    const dies = storeWith(namespace, 3, () => Promise.reject(new Error('killed')))
    await expect(dies.open()).rejects.toThrow('killed')
    expect(await command('GET', `${prefix}schema`)).toBe('1')
    const over = rows[0] as OldRow
    await command('HSET', `${prefix}row:${over.id}`, 'state', 'completed')
    rows[0] = { ...over, state: 'completed' }
    const store = storeOf(first, server.url, namespace)
    expect(await store.due(far, 999)).toEqual(dueRows(rows))
    expect(await store.get(over.id)).toEqual(migrated(rows[0]))
  })

  it('do not stop it when somebody has broken or deleted some', async () => {
    const rows = oldRows(3)
    const { namespace, prefix, command } = await oldSpace(rows)
    const [broken, gone] = rows as [OldRow, OldRow, OldRow]
    await command('HSET', `${prefix}row:${broken.id}`, 'createdAt', 'nan')
    await command('DEL', `${prefix}row:${gone.id}`)
    const store = storeOf(first, server.url, namespace)
    expect((await store.due(far, 9)).map(({ id, due }) => [id, due])).toEqual([[broken.id, 0]])
    expect(await command('EXISTS', `${prefix}row:${gone.id}`)).toBe(0)
  })

  it('are migrated behind pages of names that are no text, which somebody has added', async () => {
    const rows = oldRows(3)
    const { namespace, prefix, command } = await oldSpace(rows)
    // All behind the first row and before the others: a zero and an end of a line among them.
    const add = `for n = 0, 599 do
      local name = ARGV[1] .. string.char(255, math.floor(n / 256), n % 256)
      redis.call('ZADD', KEYS[1], 0, name)
    end`
    await command('EVAL', add, '1', `${prefix}all`, (rows[0] as OldRow).id)
    const store = storeOf(first, server.url, namespace)
    expect(await store.due(far, 9)).toEqual(dueRows(rows))
    expect(await command('GET', `${prefix}schema`)).toBe('2')
  })
})
