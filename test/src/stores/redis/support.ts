import { createClient } from '@keyv/redis'
import { type ApprovalStore, fromKeyv } from '@lelu/engine'
import { hasRedis, type RedisOptions, type RedisServer, startRedis } from '@lelu/testing'
import { onTestFinished } from 'vitest'
import { type AnyKeyv, type Combination, cutOff, openKeyv } from './clients.ts'

/** Where no server is installed, the names of the tests say that they are skipped. */
export const withRedis = hasRedis()
export const skipped = withRedis ? '' : ' (skipped: redis-server is not installed)'

/** A server that ends with the test. */
export async function serverOf(options: RedisOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options)
  onTestFinished(() => server.stop())
  return server
}

/** A Keyv whose client ends with the test. */
export function keyvOf(combination: Combination, url: string, namespace?: string): AnyKeyv {
  const keyv = openKeyv(combination, url, namespace)
  onTestFinished(() => cutOff(keyv))
  return keyv
}

/** A driver with a client of its own. It has far more time than it needs: a busy machine is no server that is away. */
export function storeOf(
  combination: Combination,
  url: string,
  namespace?: string,
  options: Parameters<typeof fromKeyv>[1] = {},
): ApprovalStore {
  return fromKeyv(keyvOf(combination, url, namespace), { deadlineMs: 20_000, ...options })
}

/** Sends commands as somebody at a console would. */
export async function consoleOf(url: string): Promise<(...args: string[]) => Promise<unknown>> {
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  onTestFinished(() => {
    if (client.isOpen) client.destroy()
  })
  return (...args) => client.sendCommand(args)
}

/** Tries until the client has its connection again. */
export async function untilReady<T>(operation: () => Promise<T>): Promise<T> {
  for (let look = 0; look < 600; look += 1) {
    try {
      return await operation()
    } catch {
      await new Promise((next) => setTimeout(next, 50))
    }
  }
  return operation()
}
