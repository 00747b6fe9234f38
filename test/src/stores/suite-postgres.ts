import { KeyvPostgres } from '@keyv/postgres'
import { type StoreHarness, startPostgres } from '@lelu/testing'
import { Keyv } from 'keyv'

/** `@keyv/postgres` over a PostgreSQL server of its own, with its durable defaults. */
export const postgresHarness: StoreHarness = {
  name: 'PostgreSQL',
  capabilities: { processes: true, serverClock: true, network: true, hosts: true },
  async start() {
    const server = await startPostgres()
    return { ...server, place: server.url }
  },
  async startOn(host) {
    const server = await startPostgres([], host)
    return { ...server, place: server.url }
  },
  placeAt(place, port) {
    const url = new URL(String(place))
    url.port = `${port}`
    return url.href
  },
  async openKeyv(place) {
    // Keyv's own pool holds no idle connection: nothing listens to its errors, and one of them would end the process.
    const adapter = new KeyvPostgres({ uri: String(place), idleTimeoutMillis: 10 })
    const keyv = new Keyv({ store: adapter })
    keyv.on('error', () => {})
    // The connection that makes Keyv's table is idle behind this, and gone before the first order.
    await keyv.get('nothing')
    return keyv
  },
}

export const postgresModule: string = import.meta.url
