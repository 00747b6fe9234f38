import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { KeyvPostgres } from '@keyv/postgres'
import KeyvRedis from '@keyv/redis'
import { createLelu, sqliteStore } from '@lelu/engine'
import { hasPostgres, hasRedis, startPostgres, startRedis } from '@lelu/testing'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished } from 'vitest'
import { startProcess, temporaryFolder } from '../support/processes.ts'
import { asking, storeDeadlineMs } from './asking.ts'

const [processes, calls, maxUses] = [4, 30, 100]
const user = new URL('./grant-user.ts', import.meta.url)

type Server = { url: string; stop(): Promise<void> }
type Store = {
  driver: string
  isThere: boolean
  start?: () => Promise<Server>
  adapter: (place: string) => unknown
}
const stores: Store[] = [
  { driver: 'sqlite', isThere: true, adapter: (path) => sqliteStore({ path }) },
  {
    driver: 'postgres',
    isThere: hasPostgres(),
    start: startPostgres,
    adapter: (uri) => new KeyvPostgres({ uri }),
  },
  {
    driver: 'redis',
    isThere: hasRedis(),
    start: startRedis,
    adapter: (url) => new KeyvRedis(url),
  },
]

/** What a process says next. One that dies fails the test at once. */
async function heard(child: ChildProcess): Promise<unknown> {
  const died = once(child, 'exit').then(() => Promise.reject(new Error('a process died')))
  died.catch(() => {}) // it is killed when the test ends
  return ((await Promise.race([once(child, 'message'), died])) as unknown[])[0]
}

for (const { driver, isThere, start, adapter } of stores) {
  const missing = isThere ? '' : ' (skipped: it is not installed)'
  it.skipIf(!isThere)(
    `${processes} processes over ${driver} use a grant as often as it says, and no more${missing}`,
    { timeout: 180_000 },
    async () => {
      const directory = temporaryFolder()
      const server = await start?.()
      onTestFinished(() => server?.stop())
      const place = server?.url ?? join(directory, 'approvals.db')
      const store = new Keyv({ store: adapter(place) as never })
      store.on('error', () => {})
      const lelu = await createLelu({ directory, store, policies: asking, storeDeadlineMs })
      onTestFinished(async () => {
        await lelu.close()
        await store.disconnect()
      })
      const call = { id: 'first', tool: 'trade', input: { symbol: 'ACME' } }
      const subject = { id: 'trader-1', type: 'agent' as const }
      const first = await lelu.guard({ subject, call, run: 'run-1' }, () => 'never')
      if (first.status !== 'suspended') throw new Error(first.status)
      const reviewer = { id: 'bob', issuer: 'test', method: 'test' }
      await lelu.approvals.review(first.approval.id, { verdict: 'approve', reviewer })
      const terms = { reviewer, maxUses, expiresInMs: 3_600_000 }
      const { id } = await lelu.grants.create(first.approval.id, terms)
      const users = Array.from({ length: processes }, (_, n) =>
        startProcess(user, [driver, place, directory, `user-${n}`]),
      )
      await Promise.all(users.map(heard))
      for (const one of users) one.send(calls)
      const told = (await Promise.all(users.map(heard))).flat()
      const count = (word: string) => told.filter((one) => one === word).length
      expect({ executed: count('executed'), suspended: count('suspended') }, told.join()).toEqual({
        executed: maxUses,
        suspended: processes * calls - maxUses,
      })
      expect((await lelu.grants.get(id)).uses).toBe(maxUses)
    },
  )
}
