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

const states = [
  ...(['pending', 'approved', 'denied', 'expired', 'cancelled', 'revoked', 'executing'] as const),
  ...(['completed', 'failed', 'unknown', 'standing'] as const),
]

/** The columns of a row before it had a time at which it is due. */
export type OldRow = Omit<StoredRow, 'due'>

/** Rows as version 1 stored them: of every state, of two tenants, with a call and without one. */
export function oldRows(count: number): OldRow[] {
  return Array.from({ length: count }, (_, n) => {
    const more = { state: states[n % states.length] as StoredRow['state'], rev: n + 1, audited: n }
    const tenant = n % 2 === 0 ? 'one' : 'two'
    const text = { idem: n % 3 === 0 ? null : `call-${n}`, body: `{"n":${n},"text":"'é\\n"}` }
    // Later ones were made earlier, so that their times have another order than their ids.
    const createdAt = 1_795_616_537_203 - n
    const { due: none, ...row } = rowOf(freshId(), { ...more, ...text, tenant, createdAt })
    return row
  })
}

/** The same row after the migration. */
export function migrated(row: OldRow): StoredRow {
  const clocked = ['pending', 'approved', 'executing'].includes(row.state)
  return { ...row, due: clocked ? row.createdAt : null }
}

/** Those that are due after the migration, the longest due first. */
export function dueRows(rows: OldRow[]): StoredRow[] {
  return rows
    .map(migrated)
    .filter(({ due }) => due !== null)
    .sort((a, b) => Number(a.due) - Number(b.due))
}
