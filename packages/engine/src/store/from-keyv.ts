import { LeluError } from '../errors.ts'
import { defaultStoreDeadlineMs } from './deadline.ts'
import { memoryStore } from './memory.ts'
import { postgresApprovalStore } from './postgres.ts'
import { postgresSettings } from './postgres-pool.ts'
import { redisFromKeyv } from './redis.ts'
import { approvalDriver, type SqliteKeyvStore } from './sqlite-keyv.ts'
import { sqliteQuery, sqliteQueryStore } from './sqlite-query.ts'
import type { ApprovalStore } from './store.ts'

/** A Keyv of version 5 or 6. */
export type KeyvLike = {
  readonly store?: unknown
  readonly namespace?: string | undefined
  listenerCount?(event: string): number
  get(key: string): Promise<unknown>
}

/** Of `fromKeyv`. `createLelu` has both as options of its own. */
export type FromKeyvOptions = {
  /** How long the database may take for one statement, in ms. Default 1700. */
  deadlineMs?: number
  /** Only warns of settings of the database that can lose what was answered. Default false. */
  allowUnsafe?: boolean
}

/** Engines that are given the same adapter see the same approvals, and share its connections if they want the same of it. */
const drivers = new WeakMap<object, Map<string, ApprovalStore>>()

/**
 * One that Keyv 6 itself puts around an adapter or a Map: `KeyvBridgeAdapter`, `KeyvMemoryAdapter`. Known by what their
 * class has, for a bundler renames it, and the user's Keyv is another copy than ours.
 */
function isWrapper(adapter: object): adapter is { store: unknown } {
  const members = Object.getPrototypeOf(adapter) as object | null
  const { capabilities } = adapter as { capabilities?: { expires?: unknown } }
  return (
    members !== null &&
    Object.hasOwn(members, 'store') &&
    Object.hasOwn(members, 'capabilities') &&
    Object.hasOwn(adapter, '_store') &&
    capabilities?.expires === true
  )
}

/**
 * The storage adapter below Keyv's own wrappers. Nothing else is looked into: an adapter of somebody else may keep a Map in
 * its `store`, and taken for that Map, it would never be asked, and each process would have approvals of its own.
 */
function adapterOf(keyv: KeyvLike): unknown {
  let adapter: unknown = keyv.store
  for (let depth = 0; depth < 2; depth += 1) {
    if (typeof adapter !== 'object' || adapter === null || !isWrapper(adapter)) break
    adapter = adapter.store
  }
  return adapter
}

/**
 * A class of somebody else that is made from Map, such as an LRU or one that keeps a file, does more than one in memory: the
 * driver would never ask it, and what it promises would not be kept.
 */
const isPlainMap = (adapter: object): boolean => Object.getPrototypeOf(adapter) === Map.prototype

/**
 * What an engine allows, and how long it waits, is not for another one to inherit. In memory there is nothing to check, and
 * the driver is what holds the approvals.
 */
function keyOf(adapter: object, namespace = '', options: FromKeyvOptions): string {
  const { deadlineMs = defaultStoreDeadlineMs, allowUnsafe = false } = options
  return JSON.stringify(isPlainMap(adapter) ? [namespace] : [namespace, deadlineMs, allowUnsafe])
}

function driverOf(
  adapter: object,
  namespace: string | undefined,
  { deadlineMs = defaultStoreDeadlineMs, allowUnsafe = false }: FromKeyvOptions,
): ApprovalStore | undefined {
  if (isPlainMap(adapter)) return memoryStore()
  const postgres = postgresSettings(adapter)
  if (postgres !== undefined) return postgresApprovalStore({ ...postgres, deadlineMs, allowUnsafe })
  const query = sqliteQuery(adapter)
  if (query !== undefined) return sqliteQueryStore(query, { deadlineMs, allowUnsafe })
  return redisFromKeyv(adapter, { allowUnsafe, ...(namespace && { namespace }) })
}

/** Keyv throws an error of its adapter that nobody listens to, and with it ends the process: not silently from here. */
function warnOfSilence(keyv: KeyvLike, driver: ApprovalStore): void {
  if (driver.clock === undefined || keyv.listenerCount?.('error') !== 0) return
  process.emitWarning(
    `A lost connection to the database (${driver.name}) would end this process: nothing listens to the errors of its Keyv. Add keyv.on('error', …).`,
    { code: 'LELU_KEYV_UNHEARD' },
  )
}

/**
 * The atomic driver of a Keyv's database. Keyv's own get and set never decide anything: between a get and a set
 * another process may act. Throws `LELU_STORE_NOT_ATOMIC` for an adapter without a proven atomic operation.
 */
export function fromKeyv(keyv: KeyvLike, options: FromKeyvOptions = {}): ApprovalStore {
  const adapter = typeof keyv === 'object' && keyv !== null ? adapterOf(keyv) : undefined
  // An adapter itself, which is easily passed for a Keyv of it, has none below it.
  if (typeof adapter !== 'object' || adapter === null) {
    throw new LeluError('LELU_OPTIONS_INVALID', 'The store is not a Keyv.', {
      help: 'Pass `new Keyv({ store })`, or leave the store out: then approvals are kept in an SQLite file.',
    })
  }
  const own = (adapter as Partial<SqliteKeyvStore>)[approvalDriver]
  own?.within?.(options.deadlineMs ?? defaultStoreDeadlineMs)
  if (own !== undefined) return own
  const { namespace } = keyv
  const known = drivers.get(adapter) ?? new Map<string, ApprovalStore>()
  const key = keyOf(adapter, namespace, options)
  const driver = known.get(key) ?? driverOf(adapter, namespace, options)
  if (driver !== undefined) {
    if (!known.has(key)) warnOfSilence(keyv, driver)
    drivers.set(adapter, known.set(key, driver))
    return driver
  }
  const name = adapter.constructor?.name ?? 'without a prototype'
  throw new LeluError(
    'LELU_STORE_NOT_ATOMIC',
    `The Keyv storage adapter ${name} has no atomic operation that Lelu knows.`,
    {
      help: 'Use @keyv/postgres, @keyv/redis, @keyv/valkey, @keyv/sqlite, or `new Keyv({ store: sqliteStore({ path }) })`; `new Keyv()` for a trial in one process. An approval must have one winner, which get and set cannot promise.',
      details: { adapter: name },
    },
  )
}
