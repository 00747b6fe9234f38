import { jsonDigest } from '../digest.ts'
import { LeluError } from '../errors.ts'
import { asJson, maxKeptResult } from '../execution/outcome.ts'
import type { Json } from '../types.ts'
import type { TenantScope } from './caller-tenant.ts'
import type { Change } from './change.ts'
import { outcomeEvent, reconciledEvent } from './events.ts'
import { readReason } from './reason.ts'
import type { ApprovalRecord, ApprovalResult, Reviewer } from './record.ts'
import { assertEligible } from './review.ts'
import { readReviewer } from './reviewer.ts'
import { stateError } from './state.ts'

/** What a person found out about a call of which nobody knew whether it took effect. */
export type Reconciliation = TenantScope & {
  /** `completed`: it took effect. `failed`: it did not, and is given up. `retry`: it did not, and may run now. */
  as: 'completed' | 'failed' | 'retry'
  /** From the host's authentication of the person, never from the request. */
  reviewer: Reviewer
  /** What was looked at to find out. At most 2 000 characters. */
  reason: string
  /** What the tool would have answered; the model reads it. Only with `completed`. */
  value?: Json
}

const words: readonly unknown[] = ['completed', 'failed', 'retry']

/** The word of a person, without whatever else the host passed. Throws `LELU_REVIEW_INVALID`. */
export function readReconciliation({
  as,
  reviewer,
  reason,
  value,
}: Reconciliation): Reconciliation {
  const read = { as, reviewer: readReviewer(reviewer), reason: readReason(reason) ?? '' }
  const refuse = (message: string, help: string) =>
    new LeluError('LELU_REVIEW_INVALID', message, { help })
  if (!words.includes(as)) {
    throw refuse(
      'A call is reconciled as `completed`, `failed` or `retry`.',
      'Pass one of the words.',
    )
  }
  if (read.reason.trim() === '')
    throw refuse('A reconciliation needs a reason.', 'Say what was looked at.')
  if (value === undefined) return read
  if (as !== 'completed')
    throw refuse('Only a call that took effect has a value.', 'Leave `value` out.')
  const plain = asJson(value)
  if (plain === undefined || plain.text.length > maxKeptResult || !hasDigest(plain.json))
    throw refuse(
      'The value is no JSON of at most 65,536 characters.',
      'Pass what the model should read.',
    )
  return { ...read, value: plain.json }
}

/** JSON text writes half a character as an escape, so that only the canonical text of a value shows it, or too deep a one. */
function hasDigest(value: Json): boolean {
  try {
    jsonDigest('lelu.result.v1', value)
    return true
  } catch {
    return false
  }
}

function resultOf({ as, reason, value }: Reconciliation): ApprovalResult | null {
  switch (as) {
    case 'completed': {
      if (value === undefined) return { status: 'completed', kept: false, digest: null }
      return { status: 'completed', kept: true, value, digest: jsonDigest('lelu.result.v1', value) }
    }
    case 'failed': {
      const message = `A reviewer found that the call did not take effect: ${reason}`
      return { status: 'failed', message }
    }
    case 'retry':
      return null
  }
}

/** A try of a tool that does no harm twice: it waits for a resume, which may never come. */
const isLost = ({ state, attempt }: ApprovalRecord, now: number): boolean =>
  state === 'executing' && attempt !== null && now >= attempt.leaseUntil

/** Whoever comes while the lease of a lost process still runs must hear that it is only too early. */
function whyNot({ state, attempt }: ApprovalRecord): string {
  if (state !== 'executing' || attempt === null)
    return 'only a call whose effect is unknown is reconciled'
  const until = new Date(attempt.leaseUntil).toISOString()
  return `it may be at work until ${until}, and can be reconciled when it has not ended by then`
}

/**
 * The end of `unknown`, and of an attempt that was lost: only by an eligible person, and with a reason
 * (`readReconciliation`). Nothing of the sort happens by itself.
 */
export function reconcileChange(
  record: ApprovalRecord,
  given: Reconciliation,
  { now, executeWithinMs }: { now: number; executeWithinMs: number },
): Change {
  const lost = isLost(record, now)
  if (record.state !== 'unknown' && !lost) {
    throw stateError(record.id, record.state, whyNot(record))
  }
  assertEligible(record, given.reviewer)
  const reconciled = reconciledEvent(record, given.reviewer, given.as, given.reason)
  if (given.as !== 'retry') {
    const next = { state: given.as, result: resultOf(given), reason: null }
    if (!lost) return { next, events: [reconciled] }
    const events = [outcomeEvent(record, { status: 'unknown' }, null), reconciled]
    // The last word on the lease is the database's.
    return { next, events, window: { notBefore: record.attempt?.leaseUntil ?? now } }
  }
  if (lost) {
    throw stateError(record.id, record.state, 'its tool may repeat, so the next resume runs it')
  }
  // Not `approvedAt`: what was revoked since the approval stays revoked.
  const again = {
    executeBy: now + (record.executeWithinMs ?? executeWithinMs),
    grant: null,
    reason: null,
  }
  return { next: { state: 'approved', ...again }, events: [reconciled] }
}
