import { KeyvPostgres } from '@keyv/postgres'
import KeyvRedis from '@keyv/redis'
import KeyvValkey from '@keyv/valkey'
import { sqliteStore } from '@lelu/engine'
import { type StoreHarness, type StoreKeyv, sqliteHarness } from '@lelu/testing'
import { Keyv as Keyv5 } from 'keyv-5'
import { postgresHarness } from './suite-postgres.ts'
import { redisHarness, valkeyHarness } from './suite-redis.ts'

// The same stores as users of Keyv 5 have them: what is unwrapped is another object, and so are its errors.

function on5(harness: StoreHarness, adapterOf: (place: string) => object): StoreHarness {
  return {
    ...harness,
    name: `${harness.name} on Keyv 5`,
    async openKeyv(place): Promise<StoreKeyv> {
      const keyv = new Keyv5({ store: adapterOf(String(place)) })
      keyv.on('error', () => {})
      await keyv.get('nothing') // see `postgresHarness`
      return keyv
    },
  }
}

export const sqliteOn5: StoreHarness = on5(sqliteHarness, (path) =>
  sqliteStore({ path, busyTimeoutMs: 10_000 }),
)
export const postgresOn5: StoreHarness = on5(
  postgresHarness,
  (uri) => new KeyvPostgres({ uri, idleTimeoutMillis: 10 }),
)
export const redisOn5: StoreHarness = on5(redisHarness, (url) => new KeyvRedis(url))
export const valkeyOn5: StoreHarness = on5(valkeyHarness, (url) => new KeyvValkey(url))

export const keyv5Module: string = import.meta.url
