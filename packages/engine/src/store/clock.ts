import { withDeadline } from './deadline.ts'
import type { ApprovalStore } from './store.ts'
import { storeError } from './store-error.ts'

/** The one clock that deadlines of approvals go by. */
export type StoreClock = {
  /** Epoch milliseconds. */
  now(): number
  /** Reads the clock of the database again. */
  refresh(): Promise<void>
}

const refreshMs = 30_000

/**
 * The clock of the database, where it has one: workers whose own clocks differ agree on what has expired. Between two
 * readings it goes on by this process's monotonic clock, which nobody sets. Elsewhere `now`.
 */
export function storeClock(
  store: ApprovalStore,
  now: () => number,
  deadlineMs: number,
): StoreClock {
  const { clock } = store
  if (clock === undefined) return { now, refresh: async () => {} }
  let read: { told: number; at: number } | undefined
  let reading = false

  async function refresh(): Promise<void> {
    const doing = 'reading its clock'
    reading = true
    try {
      // From when it was asked: never behind the database, so that what it calls late is late here as well.
      const at = performance.now()
      const asked = (clock as () => Promise<number>).call(store)
      read = { told: await withDeadline(asked, deadlineMs, doing), at }
    } catch (error) {
      throw storeError(error, doing)
    } finally {
      reading = false
    }
  }

  return {
    refresh,
    now() {
      if (read === undefined) return now()
      const since = performance.now() - read.at
      // An older reading is good enough: what must not be late is checked by the database itself.
      if (since > refreshMs && !reading) void refresh().catch(() => {})
      return Math.floor(read.told + since)
    },
  }
}
