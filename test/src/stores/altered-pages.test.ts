import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createClient } from '@keyv/redis'
import { createLelu, type Lelu, type LeluOptions } from '@lelu/engine'
import { suitePolicy } from '@lelu/testing/fakes'
import type { Keyv } from 'keyv'
import { describe, expect, it, onTestFinished } from 'vitest'
import { names } from './redis/clients.ts'
import { consoleOf, keyvOf, serverOf, skipped, withRedis } from './redis/support.ts'

async function engineOn(options: Partial<LeluOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-pages-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const lelu = await createLelu({ directory, policies: suitePolicy, ...options })
  onTestFinished(() => lelu.close())
  return { lelu, path: join(directory, 'approvals.db') }
}

/** Seven that wait, in the order of the list. */
async function waiting(lelu: Lelu): Promise<string[]> {
  const ids: string[] = []
  const subject = { id: 'agent-1', type: 'agent' as const }
  for (let n = 0; n < 7; n += 1) {
    const call = { id: `call-${n}`, tool: 'reviewed', input: { amount: n } }
    const outcome = await lelu.guard({ subject, call, run: 'r' }, () => 'ran')
    if (outcome.status !== 'suspended') throw new Error(outcome.status)
    ids.push(outcome.approval.id)
  }
  return ids.sort()
}

const filters = [{}, { state: 'pending' }, { tenant: 'default' }] as const

/** What the pages of three name, to the end. */
async function pagesOf(lelu: Lelu, filter: (typeof filters)[number]) {
  const [approvals, altered]: [string[], string[]] = [[], []]
  let after: string | undefined
  for (let page = 0; page < 9; page += 1) {
    const found = await lelu.approvals.list({ ...filter, limit: 3, ...(after && { after }) })
    approvals.push(...found.approvals.map(({ id }) => id))
    altered.push(...found.altered)
    if (found.next === null) return { approvals, altered }
    after = found.next
  }
  throw new Error('the list has no end')
}

async function grantFor(lelu: Lelu, id: string): Promise<void> {
  const reviewer = { id: 'rita', issuer: 'test', method: 'test' }
  await lelu.approvals.review(id, { verdict: 'approve', reviewer })
  await lelu.grants.create(id, { reviewer, expiresInMs: 60_000, maxUses: 1 })
}

describe.skipIf(!withRedis).each(names)(`a list over %s${skipped}`, (name) => {
  it('goes on behind a row that somebody deleted, and names it', async () => {
    const server = await serverOf()
    const { lelu } = await engineOn({ store: keyvOf(name, server.url) as Keyv })
    const ids = await waiting(lelu)
    const gone = ids[1] as string
    const say = await consoleOf(server.url)
    await say('DEL', `{lelu}:row:${gone}`)
    await say('DEL', `{lelu}:row:${ids[4]}`)
    const left = ids.filter((_, n) => n !== 1 && n !== 4)
    for (const filter of filters) {
      expect(await pagesOf(lelu, filter)).toEqual({ approvals: left, altered: [gone, ids[4]] })
    }
  })

  it('goes on behind names that are no text, which nobody could ask to begin behind', async () => {
    const server = await serverOf()
    const { lelu } = await engineOn({ store: keyvOf(name, server.url) as Keyv })
    const ids = await waiting(lelu)
    const client = createClient({ url: server.url })
    await client.connect()
    onTestFinished(() => client.destroy())
    for (const set of ['all', 'state:pending', 'tenant:"default"']) {
      for (let n = 0; n < 4; n += 1) {
        const member = Buffer.concat([Buffer.from(ids[2] as string), Buffer.of(0xff, n)])
        await client.sendCommand(['ZADD', `{lelu}:${set}`, '0', member])
      }
    }
    for (const filter of filters) {
      expect(await pagesOf(lelu, filter)).toEqual({ approvals: ids, altered: [] })
    }
  })

  it('goes on behind what somebody put into the index of another tenant', async () => {
    const server = await serverOf()
    const { lelu } = await engineOn({ store: keyvOf(name, server.url) as Keyv })
    const ids = await waiting(lelu)
    const say = await consoleOf(server.url)
    await say('HSET', `{lelu}:row:${ids[2]}`, 'tenant', 'other')
    const { approvals } = await pagesOf(lelu, { tenant: 'default' })
    expect(approvals).toEqual(ids.filter((_, n) => n !== 2))
  })
})

describe('a list over SQLite', () => {
  it.each(['aaa', 'apr_', 'zzz'])(
    'goes on behind a row whose id became %s, and names it',
    async (id) => {
      const { lelu, path } = await engineOn()
      const [first, ...left] = await waiting(lelu)
      const database = new DatabaseSync(path)
      database.prepare('UPDATE lelu_approval SET id = ? WHERE id = ?').run(id, first as string)
      database.close()
      for (const filter of filters) {
        expect(await pagesOf(lelu, filter)).toEqual({ approvals: left, altered: [id] })
      }
    },
  )

  it('ends where the approvals end, and shows nothing of the grants behind them', async () => {
    const { lelu } = await engineOn()
    const ids = await waiting(lelu)
    for (const id of ids) await grantFor(lelu, id)
    expect(await pagesOf(lelu, {})).toEqual({ approvals: ids, altered: [] })
    const last = await lelu.approvals.list({ limit: 3, after: ids[5] as string })
    expect(last).toMatchObject({ approvals: [{ id: ids[6] }], next: null })
  })
})
