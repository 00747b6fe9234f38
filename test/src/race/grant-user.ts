// One of several processes whose calls are covered by one grant. Arguments: driver, where its database is, directory, name.

import { KeyvPostgres } from '@keyv/postgres'
import KeyvRedis from '@keyv/redis'
import { createLelu, isLeluError, sqliteStore } from '@lelu/engine'
import { Keyv } from 'keyv'
import { asking, storeDeadlineMs } from './asking.ts'

const [driver, place = '', directory = '', name = ''] = process.argv.slice(2)

function adapter(): unknown {
  if (driver === 'postgres') return new KeyvPostgres({ uri: place })
  return driver === 'redis' ? new KeyvRedis(place) : sqliteStore({ path: place })
}

const store = new Keyv({ store: adapter() as never })
store.on('error', () => {})
const lelu = await createLelu({ directory, store, policies: asking, storeDeadlineMs })

process.on('message', async (count: number) => {
  const asked = Array.from({ length: count }, async (_, n) => {
    const call = { id: `${name}-${n}`, tool: 'trade', input: { symbol: 'ACME' } }
    const request = { subject: { id: 'trader-1', type: 'agent' as const }, call, run: 'run-1' }
    return (await lelu.guard(request, () => 'bought')).status
  })
  const said = (error: unknown) => (isLeluError(error) ? error.code : String(error))
  process.send?.(await Promise.all(asked.map((one) => one.catch(said))))
})
process.send?.('ready')
