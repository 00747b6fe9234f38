import type { StoredRow } from '@lelu/engine'

let count = 0

/** An id that no other test has, in the order of their making. */
export function freshId(): string {
  count += 1
  return `apr_${String(process.pid).padStart(8, '0')}-${String(count).padStart(8, '0')}`
}

export function rowOf(id: string, more: Partial<StoredRow> = {}): StoredRow {
  const fixed = { tenant: 'default', state: 'pending' as const, rev: 1, idem: null, createdAt: 1 }
  const rest = { audited: 0, due: null, body: '{}', seal: 's' }
  return { ...fixed, ...rest, id, attempt: `attempt-${id}`, ...more }
}
