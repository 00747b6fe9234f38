import type { Change } from '../approvals/change.ts'
import { outcomeEvent } from '../approvals/events.ts'
import {
  type Approval,
  type ApprovalRecord,
  type ApprovalResult,
  toApproval,
} from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { mayRunAgain } from '../approvals/state.ts'
import { jsonDigest } from '../digest.ts'
import { isLeluError } from '../errors.ts'
import { deepFreeze } from '../request/deep-freeze.ts'
import type { ToolCall } from '../types.ts'
import { keepLease, type LeaseOptions } from './lease.ts'
import { asJson, type Execute, endOf, isKept, maxKeptResult, type Outcome } from './outcome.ts'
import type { Claim } from './redeem.ts'

function resultOf(value: unknown): ApprovalResult {
  try {
    return readResult(value)
  } catch {
    // Such as a proxy that was revoked: the call ran all the same.
    return { status: 'completed', kept: false, digest: null }
  }
}

function readResult(value: unknown): ApprovalResult {
  if (value === undefined)
    return { status: 'completed', kept: true, digest: jsonDigest('lelu.result.v1', null) }
  const plain = asJson(value)
  if (plain === undefined) return { status: 'completed', kept: false, digest: null }
  let digest: string | null = null
  try {
    digest = jsonDigest('lelu.result.v1', plain.json)
  } catch {
    // A lone surrogate in a tool's answer has no canonical text; the answer itself is fine.
  }
  if (digest === null || plain.text.length > maxKeptResult || !isKept(value))
    return { status: 'completed', kept: false, digest }
  return { status: 'completed', kept: true, value: plain.json, digest }
}

/** A call that was not run has failed as well: its approval is spent. */
const stateOf = ({ status }: ApprovalResult) => (status === 'not_run' ? 'failed' : status)

/**
 * Of a further attempt that was not run, nothing is known of the earlier one: it was lost in the middle of its tool. But a
 * tool that must not repeat has one only after a person has found that nothing came of the last.
 */
const isLost = (
  { status }: ApprovalResult | { status: 'unknown' },
  { attempt, request }: ApprovalRecord,
) =>
  status === 'unknown' ||
  (status === 'not_run' &&
    (attempt?.number ?? 1) > 1 &&
    mayRunAgain(request.call.effect ?? 'non_idempotent'))

const aborted = {
  state: 'unknown' as const,
  reason: {
    id: 'attempt_aborted',
    message: 'The call was aborted while it ran; whether it took effect is not known',
  },
}

const tries = 3
/** For as long, in ms, a store that does not answer is asked again: it may have been started anew. */
const patienceMs = 5000
/** Others who change the approval at this moment, such as whoever delivers its notices. */
const maxRounds = 20
const retryMs = 100
const longestPauseMs = 500

/** The record as it is now, while this attempt still holds the call: others may have changed something else of it. */
async function ownAttempt(
  latest: ApprovalRecord,
  records: Records,
): Promise<ApprovalRecord | undefined> {
  const stored = await records.load(latest.id)
  return stored.attempt?.id === latest.attempt?.id ? stored : undefined
}

/** The tool has run: a store that is away for a moment, or is started anew, must not make that unknown. */
async function recordEnd(
  claimed: ApprovalRecord,
  changeOf: (latest: ApprovalRecord) => Change,
  records: Records,
): Promise<ApprovalRecord> {
  let latest = claimed
  let failures = 0
  const since = performance.now()
  const mayComeBack = (error: unknown) =>
    isLeluError(error) &&
    error.code === 'LELU_STORE_UNAVAILABLE' &&
    performance.now() - since < patienceMs
  for (let round = 0; round < maxRounds; round += 1) {
    try {
      const change = changeOf(latest)
      const committed = await records.commit(latest, change)
      if (committed !== undefined) return committed
      const stored = await ownAttempt(latest, records)
      if (stored === undefined) break
      // Perhaps by an earlier try of this very attempt, whose reply was lost.
      if (stored.state === change.next.state) return stored
      if (stored.state !== 'executing') break
      latest = stored
    } catch (error) {
      failures += 1
      if (failures >= tries && !mayComeBack(error)) throw error
      const pause = Math.min(retryMs * failures, longestPauseMs)
      await new Promise((next) => setTimeout(next, pause))
    }
  }
  throw new Error('another process took the call over after the lease had ended')
}

/**
 * Runs the stored call once and records how it ended. The tool's own error is passed on as it is.
 * Once the tool has run its answer is answered, even when the record of it fails: then a warning says so,
 * and the record stays `executing`, to become `unknown` when the lease ends.
 */
export async function runClaimed<T>(
  claim: Claim,
  execute: Execute<T>,
  options: LeaseOptions,
): Promise<Outcome<T>> {
  const { record, gated, decision } = claim
  const stopLease = keepLease(record, options)
  const started = performance.now()
  // The tool's own copy: what it did to the record would be sealed and stored with the end of the call.
  const approval = deepFreeze(structuredClone(toApproval(record)) as never) as Approval
  const call = gated.request.call as ToolCall
  let value: T
  try {
    value = await execute(call, { decision, approval, idempotencyKey: record.id })
  } catch (error) {
    await finish(endOf(error))
    throw error
  }
  const finished = await finish(resultOf(value))
  return { status: 'executed', value, decision, approval: toApproval(finished) }

  async function finish(result: ApprovalResult | { status: 'unknown' }): Promise<ApprovalRecord> {
    const latest = await stopLease()
    const durationMs = Math.round(performance.now() - started)
    const known = result.status === 'unknown' || isLost(result, record) ? undefined : result
    const changeOf = (current: ApprovalRecord) => ({
      next: known === undefined ? aborted : { state: stateOf(known), result: known },
      events: [outcomeEvent(current, known ?? { status: 'unknown' }, durationMs)],
    })
    try {
      return await recordEnd(latest, changeOf, options.records)
    } catch (error) {
      process.emitWarning(
        `The tool of approval ${record.id} ran, but its outcome could not be recorded: ${String(error)}`,
        {
          code: 'LELU_OUTCOME_UNRECORDED',
        },
      )
      return latest
    }
  }
}
