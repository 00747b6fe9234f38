import { randomUUID } from 'node:crypto'
import { fromKeyv } from '@lelu/engine'
import { Keyv } from 'keyv'
import { noServer, type StoreHarness } from './harness.ts'

const open = new Map<string, Keyv>()

/** `new Keyv()`: approvals in the memory of one process. */
export const memoryHarness: StoreHarness = {
  name: 'memory',
  capabilities: { processes: false, serverClock: false, network: false, hosts: false },
  async start() {
    const place = randomUUID()
    const keyv = new Keyv()
    // Before anything else, so that all engines see the same map.
    fromKeyv(keyv)
    open.set(place, keyv)
    return noServer(place, async () => {
      open.delete(place)
    })
  },
  async openKeyv(place) {
    const keyv = open.get(String(place))
    if (keyv === undefined) throw new Error('This memory is of another process.')
    return keyv
  },
}

/** The module that exports `memoryHarness`, for a suite that opens it in processes of its own. */
export const memoryModule: string = import.meta.url
