import KeyvRedis from '@keyv/redis'
import KeyvValkey from '@keyv/valkey'
import { type StoreHarness, startRedis } from '@lelu/testing'
import { Keyv } from 'keyv'

/** A Redis server of its own that keeps what it answers, through one of the two clients. */
function harness(name: string, adapterOn: (url: string) => object): StoreHarness {
  return {
    name,
    capabilities: { processes: true, serverClock: true, network: true, hosts: true },
    async start() {
      const server = await startRedis()
      return { ...server, place: server.url }
    },
    async startOn(host) {
      const server = await startRedis({ host })
      return { ...server, place: server.url }
    },
    placeAt(place, port) {
      const url = new URL(String(place))
      url.port = `${port}`
      return url.href
    },
    async openKeyv(place) {
      const keyv = new Keyv({ store: adapterOn(String(place)) as never })
      // Keyv throws an error of its adapter that nobody listens to, and with it the process ends.
      keyv.on('error', () => {})
      return keyv
    },
  }
}

/** `@keyv/redis`, which is node-redis below. */
export const redisHarness: StoreHarness = harness('Redis', (url) => new KeyvRedis(url))

/** `@keyv/valkey`, which is ioredis below. */
export const valkeyHarness: StoreHarness = harness('Valkey', (url) => new KeyvValkey(url))

export const redisModule: string = import.meta.url
