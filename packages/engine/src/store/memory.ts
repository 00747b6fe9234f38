import type { ApprovalStore, Marks, StoredRow } from './store.ts'

/** One process only, gone when it ends: for tests and trials. Each method is one synchronous section. */
export function memoryStore(): ApprovalStore {
  const rows = new Map<string, StoredRow>()
  const calls = new Map<string, string>()
  const marks = new Map<string, number>()
  const marksOf = (scopes: readonly string[]): Marks =>
    Object.fromEntries(scopes.flatMap((s) => (marks.has(s) ? [[s, marks.get(s) ?? 0]] : [])))
  const callKey = (tenant: string, idem: string) => JSON.stringify([tenant, idem])

  return {
    name: 'memory',
    async open() {},
    async create(row) {
      const key = row.idem === null ? undefined : callKey(row.tenant, row.idem)
      const takenBy = rows.has(row.id) ? row.id : key === undefined ? undefined : calls.get(key)
      const taken = takenBy === undefined ? undefined : rows.get(takenBy)
      if (taken !== undefined) return { created: false, row: { ...taken } }
      rows.set(row.id, { ...row })
      if (key !== undefined) calls.set(key, row.id)
      return { created: true, row: { ...row } }
    },
    get(id) {
      const row = rows.get(id)
      return row && { ...row }
    },
    findByCall(tenant, idem, scopes = []) {
      const row = rows.get(calls.get(callKey(tenant, idem)) ?? '')
      return { row: row && { ...row }, marks: marksOf(scopes) }
    },
    async swap(rev, next) {
      const row = rows.get(next.id)
      if (row === undefined || row.rev !== rev) return 'conflict'
      // As every database does it: these stay what they were.
      const { tenant, idem, createdAt } = row
      rows.set(next.id, { ...next, tenant, idem, createdAt })
      return 'done'
    },
    async list({ tenant, state, limit, after }) {
      const found: StoredRow[] = []
      // Ids are time-ordered and rows are never removed, so insertion order is nearly id order.
      for (const row of [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
        if (tenant !== undefined && row.tenant !== tenant) continue
        if (state !== undefined && row.state !== state) continue
        if (after !== undefined && row.id <= after) continue
        found.push({ ...row })
        if (found.length === limit) break
      }
      return found
    },
    async due(now, limit) {
      return [...rows.values()]
        .filter(({ due }) => due !== null && due <= now)
        .sort((a, b) => Number(a.due) - Number(b.due) || (a.id < b.id ? -1 : 1))
        .slice(0, limit)
        .map((row) => ({ ...row }))
    },
    async markAudited(marked) {
      for (const { id, audited } of marked) {
        const row = rows.get(id)
        if (row !== undefined && row.audited < audited) row.audited = audited
      }
    },
    async setWatermark(scope, notBefore) {
      marks.set(scope, Math.max(notBefore, marks.get(scope) ?? 0))
    },
    watermarks: marksOf,
    async close() {},
  }
}
