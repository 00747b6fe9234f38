import type { Keyv } from 'keyv'
import { LeluError } from '../errors.ts'
import { memoryStore } from './memory.ts'
import { approvalDriver } from './sqlite-keyv.ts'
import type { ApprovalStore } from './store.ts'

/** Engines that are given the same map must see the same approvals. */
const memoryStores = new WeakMap<object, ApprovalStore>()

function memoryFor(map: object): ApprovalStore {
  const store = memoryStores.get(map) ?? memoryStore()
  memoryStores.set(map, store)
  return store
}

/** The storage adapter below Keyv's own wrappers (`KeyvBridgeAdapter`, `KeyvMemoryAdapter`). */
function adapterOf(keyv: Keyv): unknown {
  let adapter: unknown = keyv.store
  for (let depth = 0; depth < 3; depth += 1) {
    const inner = (adapter as { store?: unknown } | undefined)?.store
    if (typeof inner !== 'object' || inner === null) break
    adapter = inner
  }
  return adapter
}

/**
 * The atomic driver of a Keyv's database. Keyv's own get and set never decide anything: between a get and a set
 * another process may act. Throws `LELU_STORE_NOT_ATOMIC` for an adapter without a proven atomic operation.
 */
export function fromKeyv(keyv: Keyv): ApprovalStore {
  const adapter = adapterOf(keyv)
  if (typeof adapter === 'object' && adapter !== null) {
    const driver = (adapter as Record<symbol, unknown>)[approvalDriver]
    if (driver !== undefined) return driver as ApprovalStore
    if (adapter instanceof Map) return memoryFor(adapter)
  }
  const name = (adapter as object | undefined)?.constructor?.name ?? typeof adapter
  throw new LeluError(
    'LELU_STORE_NOT_ATOMIC',
    `The Keyv storage adapter ${name} has no atomic operation that Lelu knows.`,
    {
      help: 'Use `new Keyv({ store: sqliteStore({ path }) })`, or `new Keyv()` for a trial in one process. An approval must have one winner, which get and set cannot promise.',
      details: { adapter: name },
    },
  )
}
