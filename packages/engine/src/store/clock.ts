import { LeluError } from '../errors.ts'
import { withDeadline } from './deadline.ts'
import type { ApprovalStore } from './store.ts'
import { storeError } from './store-error.ts'

/** The one clock that deadlines of approvals go by. */
export type StoreClock = {
  /** Epoch milliseconds. Never behind the database. */
  now(): number
  /** Never ahead of the database: when something was allowed, as a revocation sees it. */
  earliest(): number
  /** Not before any `now` that was answered: what is revoked holds for all that was allowed, also after a clock was set back. */
  latest(): number
  /** Reads the clock of the database again. */
  refresh(): Promise<void>
}

const refreshMs = 30_000
/** A clock that is kept right is slewed by less than this between two readings. */
const slewMs = 1000

/** Databases keep times as whole numbers. Of what is no time, nothing would ever be late. */
function wholeMs(time: unknown): number {
  if (Number.isFinite(time)) return Math.floor(time as number)
  throw new LeluError('LELU_OPTIONS_INVALID', 'The option `now` answered no time.', {
    help: 'It answers epoch milliseconds, as Date.now does, and at once.',
  })
}

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
  const own = () => wholeMs(now())
  let newest = 0
  const noted = (time: number) => {
    newest = Math.max(newest, time)
    return time
  }
  if (clock === undefined) {
    const ownNow = () => noted(own())
    return {
      now: ownNow,
      earliest: ownNow,
      latest: () => Math.max(ownNow(), newest),
      refresh: async () => {},
    }
  }
  // `told` was true at some moment between `asked` and `answered`. `wall`: what this host's own clock said then.
  let read: { told: number; asked: number; answered: number; wall: number } | undefined
  let reading = false

  async function refresh(): Promise<void> {
    const doing = 'reading its clock'
    reading = true
    try {
      const [asked, wall] = [performance.now(), Date.now()]
      const telling = (clock as () => Promise<number>).call(store)
      const told = await withDeadline(telling, deadlineMs, doing)
      read = { told, asked, answered: performance.now(), wall }
    } catch (error) {
      throw storeError(error, doing)
    } finally {
      reading = false
    }
  }

  function at(since: 'asked' | 'answered'): number {
    if (read === undefined) return own()
    const steady = performance.now()
    // The monotonic clock stands still while a machine sleeps, the wall clock goes on.
    const slept = Date.now() - read.wall - (steady - read.asked)
    const hasSlept = slept > slewMs
    // An older reading is good enough: what must not be late is checked by the database itself.
    const isOld = steady - read.answered > refreshMs || hasSlept
    if (isOld && !reading) void refresh().catch(() => {})
    const time = Math.floor(read.told + steady - read[since])
    if (since === 'answered') return time
    // Only until the database has answered, and not noted: perhaps this host's clock was set.
    return hasSlept ? time + Math.ceil(slept) : noted(time)
  }
  // From when it was asked: what the database calls late is late here as well.
  const latestNow = () => at('asked')

  return {
    refresh,
    now: latestNow,
    earliest: () => at('answered'),
    latest: () => Math.max(latestNow(), newest),
  }
}
