import type { ApprovalRecord, Attempt } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'

export type LeaseOptions = { records: Records; now: () => number; leaseMs: number }

/** Whether this attempt runs the call. Others, such as whoever delivers notices, may have written to the record since. */
export function isHeldBy({ state, attempt }: ApprovalRecord, { id }: Attempt): boolean {
  return state === 'executing' && attempt?.id === id
}

/** The record as it is then, whoever has written it. */
async function renewLease(
  latest: ApprovalRecord,
  { records, now, leaseMs }: LeaseOptions,
): Promise<ApprovalRecord> {
  const attempt = latest.attempt && { ...latest.attempt, leaseUntil: now() + leaseMs }
  const next = { state: 'executing' as const, attempt }
  const renewed = await records.commit(latest, { next, events: [] })
  return renewed ?? records.load(latest.id)
}

/**
 * The record right before its tool begins: where this attempt holds it, with a lease that runs. A process that stood
 * still since its claim could otherwise run the call beside whoever was told that its attempt is lost.
 */
export async function underLease(
  claimed: ApprovalRecord,
  mine: Attempt,
  options: LeaseOptions,
): Promise<ApprovalRecord> {
  const isOver = options.now() >= (claimed.attempt?.leaseUntil ?? 0)
  if (!isOver || !isHeldBy(claimed, mine)) return claimed
  return underLease(await renewLease(claimed, options), mine, options)
}

/** Keeps saying that the tool is still running, so that a long run is not taken for a lost one. */
export function keepLease(
  claimed: ApprovalRecord,
  options: LeaseOptions,
): () => Promise<ApprovalRecord> {
  const mine = claimed.attempt as Attempt
  let latest = claimed
  let renewal: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    renewal = renewLease(latest, options)
      .then((renewed) => {
        if (isHeldBy(renewed, mine)) latest = renewed
        // The lease ran out while this process stood still: whose call it is now is for a person or another attempt to say.
        else clearInterval(timer)
      })
      .catch(() => {}) // The next renewal tries again; without any, the lease ends and the record says so.
  }, options.leaseMs / 3)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await renewal
    return latest
  }
}
