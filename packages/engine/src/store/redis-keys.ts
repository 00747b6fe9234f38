import type { StoredState } from './store.ts'

export type RedisKeys = {
  readonly schema: string
  readonly marks: string
  /** The sorted set of the ids of all rows that are due at some time, by that time. */
  readonly due: string
  /** What the keys of all rows begin with; the id follows. */
  readonly rows: string
  /** What the keys of the sets of one state begin with, of all tenants and of one. */
  readonly states: string
  readonly tenantStates: string
  tenantText(tenant: string): string
  row(id: string): string
  call(tenant: string, idem: string): string
  /** The sorted set of the ids of a state, of a tenant, of both, or of all. */
  set(of?: { tenant?: string; state?: StoredState }): string
}

/** Keyv 5 uses this one when nobody named one, Keyv 6 none: an update of Keyv must find the same approvals. */
const unnamed = 'keyv'

/**
 * Every key there is, all in one slot by the hash tag. Names of others' choice are JSON, or at the end: no two
 * namespaces, tenants or calls share a key, whatever they are called.
 */
export function redisKeys(keyPrefix: string, namespace: string = unnamed): RedisKeys {
  const space = namespace === unnamed ? '' : `${JSON.stringify(namespace)}:`
  const prefix = `${keyPrefix}{lelu}:${space}`
  const rows = `${prefix}row:`
  const states = `${prefix}state:`
  const tenantStates = `${prefix}tenant-state:`
  return {
    schema: `${prefix}schema`,
    marks: `${prefix}watermarks`,
    due: `${prefix}due`,
    rows,
    states,
    tenantStates,
    tenantText: JSON.stringify,
    row: (id) => rows + id,
    call: (tenant, idem) => `${prefix}call:${JSON.stringify([tenant, idem])}`,
    set({ tenant, state } = {}) {
      if (tenant === undefined) return state === undefined ? `${prefix}all` : states + state
      const text = JSON.stringify(tenant)
      return state === undefined ? `${prefix}tenant:${text}` : `${tenantStates}${state}:${text}`
    },
  }
}
