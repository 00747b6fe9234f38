import { type ApprovalStore, isLeluError, type Outcome, type StoredRow } from '@lelu/engine'
import type { Order, Reply, StoreCall } from './protocol.ts'

type Swap = Extract<Order, { row: string }>

/** Rows that no engine reads: what is swapped here is the column that tells the writes apart. */
function rowOf({ row, by }: Swap, rev: number, n: number): StoredRow {
  return {
    id: row,
    tenant: 'rows',
    state: 'pending',
    rev,
    idem: null,
    createdAt: Date.now(),
    attempt: `${by}-${n}`,
    audited: 0,
    due: null,
    body: '{}',
    seal: 'none',
  }
}

/** Many swaps of one revision by the driver itself, without the engine's own guards around it. */
export async function swapRow(
  driver: ApprovalStore,
  order: Swap,
): Promise<NonNullable<Reply['swapped']>> {
  const { verb, row, rev, count } = order
  const done: string[] = []
  if (verb === 'make') await driver.create(rowOf(order, rev, 0))
  else {
    const nexts = Array.from({ length: count }, (_, n) => rowOf(order, rev + 1, n))
    const swaps = await Promise.all(nexts.map((next) => driver.swap(rev, next)))
    for (const [n, swapped] of swaps.entries())
      if (swapped === 'done') done.push(nexts[n]?.attempt ?? '')
  }
  const stored = await driver.get(row)
  return { done, stored: `${stored?.rev} ${stored?.attempt}` }
}

/**
 * Suspends many calls, so many at a time, and answers their approvals. For a call that a busy store refused it asks again,
 * as agents do: one run and call have one record, whether the write of the first time arrived or not.
 */
export async function fill(
  guard: (call: StoreCall) => Promise<Outcome<string>>,
  { tenant, run, count, atOnce }: Extract<Order, { verb: 'fill' }>,
): Promise<string[]> {
  const made: string[] = []
  let next = 0
  async function lane(): Promise<void> {
    for (let n = next++; n < count; n = next++) {
      const call = { run, call: `call-${n}`, tenant }
      const outcome = await guard(call).catch((error: unknown) => {
        if (isLeluError(error) && error.code === 'LELU_STORE_UNAVAILABLE') return guard(call)
        throw error
      })
      if (outcome.status !== 'suspended') throw new Error(outcome.status)
      made.push(outcome.approval.id)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return made
}
