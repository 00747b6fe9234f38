import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KeyvPostgres } from '@keyv/postgres'
import KeyvRedis from '@keyv/redis'
import { createLelu, type Lelu, newKeyRing, type Policy } from '@lelu/engine'
import { hasPostgres, hasRedis, startPostgres, startRedis } from '@lelu/testing'
import { Keyv } from 'keyv'
import { expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../support/processes.ts'

const stores = [
  {
    name: 'PostgreSQL',
    isThere: hasPostgres(),
    start: () => startPostgres(),
    adapter: (uri: string) => new KeyvPostgres({ uri }),
  },
  {
    name: 'Redis',
    isThere: hasRedis(),
    start: () => startRedis(),
    adapter: (url: string) => new KeyvRedis(url),
  },
]
const secret = `whsec_${Buffer.alloc(32, 4).toString('base64')}`
const calls = 20
const requirements = [{ id: 'ask', quorum: 1, reviewers: null, expiresInMs: null }]
const policies: Policy = {
  revision: 'test',
  evaluate: () => ({ effect: 'require_approval', reasons: [], obligations: [], requirements }),
}

for (const { name, isThere, start, adapter } of stores) {
  const missing = isThere ? '' : ' (skipped: it is not installed)'
  it.skipIf(!isThere)(
    `several engines over ${name} send each notification once${missing}`,
    async () => {
      const ids: string[] = []
      const target = createServer((request, response) => {
        ids.push(String(request.headers['webhook-id']))
        request.resume().on('end', () => response.writeHead(204).end())
      })
      await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void target.close().closeAllConnections())
      const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/`
      const server = await start()
      onTestFinished(() => server.stop())
      const keys = newKeyRing(0)
      async function engine(more: object): Promise<Lelu> {
        const store = new Keyv({ store: adapter(server.url) as never })
        store.on('error', () => {})
        const lelu = await createLelu({
          directory: temporaryFolder(),
          store,
          keys,
          policies,
          ...more,
        })
        onTestFinished(async () => {
          await lelu.close()
          await store.disconnect()
        })
        return lelu
      }
      const suspender = await engine({ notices: true })
      for (let n = 0; n < calls; n += 1) {
        const call = { id: `${n}`, tool: 'trade', input: {} }
        await suspender.guard({ subject: { id: 'a', type: 'agent' }, call }, () => 'never')
      }
      const targets = [{ name: 'ops', type: 'webhook', url, secret }]
      const notify = { targets, everyMs: 3_600_000 }
      const engines = await Promise.all([
        engine({ notify }),
        engine({ notify }),
        engine({ notify }),
      ])
      await Promise.all(engines.map(({ notifications }) => notifications.deliver()))
      expect(ids).toHaveLength(calls)
      expect(new Set(ids).size).toBe(calls)
    },
  )
}
