import type { ApprovalRecord } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'

export type LeaseOptions = { records: Records; now: () => number; leaseMs: number }

/** The record as it is now, while this attempt still holds the call: others may have changed something else of it. */
export async function ownAttempt(
  latest: ApprovalRecord,
  records: Records,
): Promise<ApprovalRecord | undefined> {
  const stored = await records.load(latest.id)
  return stored.attempt?.id === latest.attempt?.id ? stored : undefined
}

/** Undefined when somebody has changed the approval since. */
function renewLease(
  latest: ApprovalRecord,
  { records, now, leaseMs }: LeaseOptions,
): Promise<ApprovalRecord | undefined> {
  const attempt = latest.attempt && { ...latest.attempt, leaseUntil: now() + leaseMs }
  return records.commit(latest, { next: { state: 'executing', attempt }, events: [] })
}

/**
 * The claim right before its tool begins; undefined when it may be somebody else's by now. A process that stood still
 * since it claimed could otherwise run the call beside whoever was told that its attempt is lost.
 */
export async function stillHeld(
  claimed: ApprovalRecord,
  options: LeaseOptions,
): Promise<ApprovalRecord | undefined> {
  if (options.now() < (claimed.attempt?.leaseUntil ?? 0)) return claimed
  const renewed = await renewLease(claimed, options)
  return renewed && stillHeld(renewed, options)
}

/** Keeps saying that the tool is still running, so that a long run is not taken for a lost one. */
export function keepLease(
  claimed: ApprovalRecord,
  options: LeaseOptions,
): () => Promise<ApprovalRecord> {
  let latest = claimed
  let renewal: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    renewal = renewLease(latest, options)
      .then(async (renewed) => {
        const stored = renewed ?? (await ownAttempt(latest, options.records))
        if (stored?.state === 'executing') latest = stored
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
