import KeyvRedis5 from '@keyv/redis'
import KeyvRedis6 from '@keyv/redis-6'
import KeyvValkey from '@keyv/valkey'
import { Keyv as Keyv6 } from 'keyv'
import { Keyv as Keyv5 } from 'keyv-5'

export type AnyKeyv = Keyv5 | Keyv6

const on5 = (store: object, namespace?: string): AnyKeyv =>
  new Keyv5({ store, ...(namespace && { namespace }) })
const on6 = (store: object, namespace?: string): AnyKeyv =>
  new Keyv6({ store: store as never, ...(namespace && { namespace }) })

/** Every client and every Keyv that the driver is for. */
const combinations = {
  '@keyv/redis 5 on Keyv 6': (url: string, name?: string) => on6(new KeyvRedis5(url), name),
  '@keyv/redis 5 on Keyv 5': (url: string, name?: string) => on5(new KeyvRedis5(url), name),
  '@keyv/redis 6 on Keyv 6': (url: string, name?: string) => on6(new KeyvRedis6(url), name),
  '@keyv/valkey on Keyv 6': (url: string, name?: string) => on6(new KeyvValkey(url), name),
  '@keyv/valkey on Keyv 5': (url: string, name?: string) => on5(new KeyvValkey(url), name),
}

export type Combination = keyof typeof combinations
export const names = Object.keys(combinations) as Combination[]

/** Keyv 6 throws an error of its adapter that nobody listens to, and with it the process ends. */
export function openKeyv(combination: Combination, url: string, namespace?: string): AnyKeyv {
  const keyv = combinations[combination](url, namespace)
  keyv.on('error', () => {})
  return keyv
}

type Adapter = {
  client?: { isOpen: boolean; destroy(): void }
  redis?: { disconnect(): void }
}

/** Ends the client at once, whether its server is there or not. */
export function cutOff(keyv: AnyKeyv): void {
  const { store } = keyv as { store: Adapter & { store?: Adapter } }
  const { client, redis } = store.store ?? store // below the bridge of Keyv 6
  if (client?.isOpen) client.destroy()
  redis?.disconnect()
}
