import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { KeyvPostgres } from '@keyv/postgres'
import { KeyvSqlite } from '@keyv/sqlite-6'
import { createLelu, type Lelu, sqliteStore } from '@lelu/engine'
import { hasPostgres, startPostgres } from '@lelu/testing'
import { suitePolicy } from '@lelu/testing/fakes'
import { Keyv } from 'keyv'
import { afterEach, describe, expect, it } from 'vitest'
import { names } from './redis/clients.ts'
import { consoleOf, keyvOf, serverOf, skipped, withRedis } from './redis/support.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lelu-absurd-'))
  endings.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function engineOn(store: Keyv, directory = freshFolder()): Promise<Lelu> {
  const lelu = await createLelu({ directory, store, policies: suitePolicy })
  endings.push(() => lelu.close())
  return lelu
}

const call = (run: string) => ({
  subject: { id: 'agent-1', type: 'agent' as const },
  call: { id: 'c', tool: 'reviewed', input: { amount: 5 } },
  run,
})

async function suspended(lelu: Lelu, run: string): Promise<string> {
  const outcome = await lelu.guard(call(run), () => 'ran')
  if (outcome.status !== 'suspended') throw new Error(outcome.status)
  return outcome.approval.id
}

/** Another row is read, listed, and found by its call, whatever was done to the one beside it. */
async function expectReadable(lelu: Lelu, id: string, run: string): Promise<void> {
  expect(await lelu.approvals.get(id)).toMatchObject({ id, state: 'pending' })
  expect((await lelu.approvals.list({ limit: 100 })).approvals.map((one) => one.id)).toContain(id)
  expect(await suspended(lelu, run)).toBe(id)
}

type Change = (column: string, value: string, id: string) => unknown

/** Opens an engine, and what changes a column of a row behind its back. */
const databases: Record<string, () => Promise<{ lelu: Lelu; change: Change }>> = {
  sqliteStore: async () => {
    const directory = freshFolder()
    const path = join(directory, 'approvals.db')
    return changing(await engineOn(new Keyv({ store: sqliteStore({ path }) }), directory), path)
  },
  '@keyv/sqlite': async () => {
    const directory = freshFolder()
    const path = join(directory, 'approvals.db')
    const store = new Keyv({ store: new KeyvSqlite(`sqlite://${path}`) })
    return changing(await engineOn(store, directory), path)
  },
  ...(hasPostgres() && {
    PostgreSQL: async () => {
      const server = await startPostgres()
      endings.push(() => server.stop())
      const keyv = new Keyv({
        store: new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10 }),
      })
      keyv.on('error', () => {})
      const lelu = await engineOn(keyv)
      const admin = new KeyvPostgres({ uri: server.url, idleTimeoutMillis: 10 })
      const change: Change = (column, value, id) =>
        admin.query(`UPDATE lelu_approval SET ${column} = ${value} WHERE id = '${id}'`)
      return { lelu, change }
    },
  }),
}

function changing(lelu: Lelu, path: string): { lelu: Lelu; change: Change } {
  const database = new DatabaseSync(path)
  endings.push(() => database.close())
  const change: Change = (column, value, id) =>
    database.exec(`UPDATE lelu_approval SET ${column} = ${value} WHERE id = '${id}'`)
  return { lelu, change }
}

/** More than a number of JavaScript holds exactly. */
const absurd = ['9000000000000000000', '-9000000000000000000']

describe.each(Object.entries(databases))('%s, with an absurd number in a row', (name, open) => {
  it('says that the row was altered, and reads those beside it', async () => {
    const { lelu, change } = await open()
    const kept = await suspended(lelu, 'kept')
    for (const value of absurd) {
      const id = await suspended(lelu, `created${value}`)
      await change('created_at', value, id)
      await expect(lelu.approvals.get(id)).rejects.toMatchObject({ code: 'LELU_APPROVAL_ALTERED' })
      expect((await lelu.approvals.list({ limit: 100 })).altered).toContain(id)
      await expectReadable(lelu, kept, 'kept')
    }
  })

  it('takes an absurd hint for one', async () => {
    const { lelu, change } = await open()
    const reviewer = { id: 'rita', issuer: 'test', method: 'test' }
    // A number that does not fit is refused by PostgreSQL itself: what it counts events with is smaller.
    const hints = name === 'PostgreSQL' ? ['due'] : ['due', 'audited']
    for (const hint of hints) {
      for (const value of absurd) {
        const run = `${hint}${value}`
        const id = await suspended(lelu, run)
        await change(hint, value, id)
        await expectReadable(lelu, id, run)
        await lelu.approvals.review(id, { verdict: 'approve', reviewer })
        expect(await lelu.resume(id, () => 'ran')).toMatchObject({ status: 'executed' })
      }
    }
  })
})

describe.skipIf(!withRedis).each(names)(
  `%s, with something else under the key of a row${skipped}`,
  (name) => {
    it('says that the row was altered, and reads those beside it', async () => {
      const server = await serverOf()
      const lelu = await engineOn(keyvOf(name, server.url) as Keyv)
      const say = await consoleOf(server.url)
      const kept = await suspended(lelu, 'kept')
      const id = await suspended(lelu, 'replaced')
      await say('DEL', `{lelu}:row:${id}`)
      await say('SET', `{lelu}:row:${id}`, 'text')
      const altered = { code: 'LELU_APPROVAL_ALTERED' }
      await expect(lelu.approvals.get(id)).rejects.toMatchObject(altered)
      await expect(lelu.resume(id, () => 'ran')).rejects.toMatchObject(altered)
      await expect(lelu.guard(call('replaced'), () => 'ran')).rejects.toMatchObject(altered)
      expect((await lelu.approvals.list({ limit: 100 })).altered).toContain(id)
      await expectReadable(lelu, kept, 'kept')
    })
  },
)
