import { startHosts, type TwoHosts } from '../servers/two-hosts.ts'
import type { StoreHarness, StoreServer } from './harness.ts'

/** Two hosts, and the store on one of them. */
export type StoreHosts = TwoHosts & { server: StoreServer }

/** All of it is gone after `close`, for which whoever runs on the hosts must have ended. */
export async function openHosts(harness: StoreHarness): Promise<StoreHosts> {
  if (harness.startOn === undefined) throw new Error(`${harness.name} starts on no host.`)
  const hosts = await startHosts()
  try {
    const server = await harness.startOn(hosts.database)
    const close = async () => {
      // A server that will not stop in order must not keep its host.
      await server.stop().finally(hosts.close)
    }
    return { ...hosts, server, close }
  } catch (error) {
    await hosts.close()
    throw error
  }
}
