import { LeluError } from '../errors.ts'
import { askedFor } from './asked-for.ts'
import type { ApprovalStore } from './store.ts'

/** How many engines of this process use a driver. */
const engines = new WeakMap<ApprovalStore, number>()

const methods = [
  ...(['open', 'clock', 'create', 'get', 'findByCall', 'swap', 'list', 'due'] as const),
  ...(['markAudited', 'setWatermark', 'watermarks'] as const),
]

function closed(): LeluError {
  return new LeluError('LELU_ENGINE_CLOSED', 'This engine is closed.', {
    help: 'Make a new one with createLelu(), or openReviewDesk() for a reviewer.',
  })
}

/** The store of one engine. `assertOpen` throws `LELU_ENGINE_CLOSED`, before anything that is not in the store is changed. */
export type EngineStore = ApprovalStore & { assertOpen(): void }

/**
 * A driver as one engine uses it. Engines on one Keyv share its driver: the connections that it opened end with the last
 * of them, and not under the others. A driver that is this engine's `own` ends with it. Once closed it answers no more: else
 * a driver would connect again for whoever still asks.
 */
export function engineStore(driver: ApprovalStore, own: boolean): EngineStore {
  engines.set(driver, (engines.get(driver) ?? 0) + 1)
  let left = false
  const store = { name: driver.name } as Record<string, unknown>
  const asked: Partial<ApprovalStore> = askedFor(driver)
  for (const name of methods) {
    if (driver[name] === undefined) continue
    store[name] = (...given: unknown[]) => {
      if (left) return Promise.reject(closed())
      return ((asked[name] ?? driver[name]) as (...all: unknown[]) => unknown)(...given)
    }
  }
  store.assertOpen = () => {
    if (left) throw closed()
  }
  store.close = async () => {
    if (left) return
    left = true
    const others = (engines.get(driver) ?? 1) - 1
    engines.set(driver, others)
    if (own || (driver.ownsConnections && others === 0)) await driver.close()
  }
  return store as unknown as EngineStore
}
