import { setMaxListeners } from 'node:events'
import { LeluError } from '../errors.ts'
import { newId } from '../ids.ts'
import { assertFitsToken } from '../tokens/fits-token.ts'
import type { Decision, DecisionRequest, Json, Requirement } from '../types.ts'
import { callerTenant, readPage, type TenantScope } from './caller-tenant.ts'
import type { Change } from './change.ts'
import { cancelledEvent, requestedEvent } from './events.ts'
import { inputChanges } from './input-changes.ts'
import { approvalPrefix } from './list-records.ts'
import { readReason } from './reason.ts'
import { type Reconciliation, readReconciliation, reconcileChange } from './reconcile.ts'
import {
  type Approval,
  type ApprovalRecord,
  callKey,
  keyOf,
  quiet,
  type Reviewer,
  toApproval,
  type Vote,
} from './record.ts'
import type { Records } from './records.ts'
import { assertEligible } from './review.ts'
import { readActor } from './reviewer.ts'
import { type ApprovalState, assertState, stateError } from './state.ts'
import { assertSeen, type Review, readReview, voteChange } from './vote.ts'
import { waitForReview } from './wait.ts'

/**
 * Which approvals to list, oldest first: those that `state` and `tenant` name, `limit` of them (default 50),
 * behind the id `after`.
 */
export type ApprovalFilter = {
  tenant?: string
  state?: ApprovalState
  limit?: number
  after?: string
}

/** `altered` names rows that were changed outside Lelu; `next` is the `after` of the next page, or null. */
export type ApprovalPage = { approvals: Approval[]; altered: string[]; next: string | null }

/** Whoever serves several tenants passes the caller's: see `TenantScope`. */
export interface Approvals {
  get(id: string, options?: TenantScope): Promise<Approval>
  /** The approval of a call, by its run and its call id; undefined when the call was never suspended. */
  find(call: { tenant?: string; run: string; call: string }): Promise<Approval | undefined>
  /** In order of creation; 50 a page unless told, 500 at most. */
  list(filter?: ApprovalFilter): Promise<ApprovalPage>
  review(id: string, review: Review): Promise<Approval>
  /** Ends a pending or approved call that is not wanted any more. */
  cancel(id: string, options?: TenantScope & { reason?: string; by?: Reviewer }): Promise<Approval>
  /** Ends `unknown`, or an attempt that was lost, by the word of an eligible person who looked whether the call took effect. */
  reconcile(id: string, reconciliation: Reconciliation): Promise<Approval>
  /** Waits until it is decided, 55 s at most, then answers it as it is. */
  wait(
    id: string,
    options?: TenantScope & { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<Approval>
}

/** What an edit turns into once schema and policy have seen it. */
export type EditCheck = (
  record: ApprovalRecord,
  input: Json,
) => Promise<{
  request: DecisionRequest
  digest: string
  requirements: Requirement[]
  decision: Decision
}>

export type ApprovalsOptions = {
  records: Records
  now: () => number
  /** Never ahead of the database. */
  earliest: () => number
  approveWithinMs: number
  executeWithinMs: number
  /** Whether notices are kept for calls that are suspended from now on. Default false. */
  notices?: boolean
  /** Absent where no policy is at hand: edits are refused there. */
  checkEdit?: EditCheck
}

export type Suspension = {
  request: DecisionRequest
  digest: string
  blind: string
  decision: Decision
  requirements: Requirement[]
}

export type ApprovalsPart = Approvals & {
  /** Suspends a call. The same run and call id finds the same approval. */
  request(suspension: Suspension): Promise<{ created: boolean; record: ApprovalRecord }>
  wakeUps: EventTarget
}

const voided = (vote: Vote): Vote => ({ ...vote, void: true })

export function createApprovals(options: ApprovalsOptions): ApprovalsPart {
  const {
    records,
    now,
    earliest,
    approveWithinMs,
    executeWithinMs,
    notices = false,
    checkEdit,
  } = options
  const wakeUps = new EventTarget()
  setMaxListeners(0, wakeUps) // one for each who waits
  const terms = () => ({ now: now(), allowedAt: earliest(), executeWithinMs })
  const wake = (record: ApprovalRecord): Approval => {
    wakeUps.dispatchEvent(new Event(record.id))
    return toApproval(record)
  }

  /** When those who must approve a call that is asked about now have to have done so. */
  function deadlineOf(requirements: readonly Requirement[]): number {
    const own = requirements.flatMap((one) => (one.expiresInMs === null ? [] : [one.expiresInMs]))
    return now() + Math.min(approveWithinMs, ...own)
  }

  /** The edited call, checked against exactly the revision that was read; another revision starts over. */
  async function reviewWithEdit(id: string, review: Review, input: Json): Promise<ApprovalRecord> {
    if (checkEdit === undefined || review.verdict !== 'approve') {
      throw new LeluError('LELU_EDIT_REFUSED', `Approval ${id} cannot be edited here.`, {
        help: 'Edit with an approving verdict, in a process that has the policies loaded.',
        details: { approval: id },
      })
    }
    const tenant = callerTenant(review)
    for (let round = 0; round < 10; round += 1) {
      const record = await records.load(id, tenant)
      if (record.state !== 'pending')
        throw stateError(id, record.state, 'it can no longer be edited')
      assertEligible(record, review.reviewer)
      assertSeen(record, review)
      const checked = await checkEdit(record, input)
      const changes = inputChanges(record.request.call.input, checked.request.call.input)
      const edit = { from: record.digest, reviewer: review.reviewer, at: now(), changes }
      const edited = {
        ...checked,
        edits: [...record.edits, edit],
        approveBy: Math.min(record.approveBy, deadlineOf(checked.requirements)),
        ...(checked.digest !== record.digest && { votes: record.votes.map(voided) }),
      }
      const change = voteChange(record, review, edited, terms())
      if (change === undefined) return record // said twice: fine
      const committed = await records.commit(record, change)
      if (committed !== undefined) return committed
    }
    throw stateError(id, 'pending', 'others keep changing it')
  }

  return {
    wakeUps,
    async request({ request, digest, blind, decision, requirements }) {
      const createdAt = now()
      const record: ApprovalRecord = {
        v: 1,
        blind,
        executeWithinMs,
        id: `${approvalPrefix}${newId()}`,
        tenant: request.tenant ?? 'default',
        state: 'pending',
        revision: 1,
        createdAt,
        approveBy: deadlineOf(requirements),
        executeBy: null,
        approvedAt: null,
        request,
        digest,
        decision,
        requirements,
        votes: [],
        edits: [],
        grant: null,
        attempt: null,
        result: null,
        reason: null,
        idem: keyOf(request),
        events: [],
        eventCount: 0,
        ...quiet,
        listens: notices,
      }
      assertFitsToken(record)
      return records.create(record, [requestedEvent(record)])
    },
    get: async (id, scope = {}) => toApproval(await records.load(id, callerTenant(scope))),
    async find(asked) {
      const tenant = callerTenant(asked) ?? 'default'
      const { run, call } = asked
      const { record } = await records.findByCall(tenant, callKey(run, call))
      return record && toApproval(record)
    },
    async list(filter = {}) {
      const asked = readPage(filter)
      const { state } = filter
      assertState(state)
      const page = await records.list({ ...asked, ...(state !== undefined && { state }) })
      return { approvals: page.records.map(toApproval), altered: page.altered, next: page.next }
    },
    async review(id, given) {
      const review = readReview(given)
      const { input } = review
      if (input !== undefined) return wake(await reviewWithEdit(id, review, input))
      const tenant = callerTenant(review)
      const change = (record: ApprovalRecord) => voteChange(record, review, {}, terms())
      return wake(await records.transition(id, change, tenant))
    },
    async cancel(id, cancelling = {}) {
      const tenant = callerTenant(cancelling)
      const by = readActor(cancelling.by)
      const text = readReason(cancelling.reason) ?? null
      const change = (record: ApprovalRecord): Change | undefined => {
        if (record.state === 'cancelled') return undefined
        const why = {
          id: 'approval_cancelled',
          message: `The call was cancelled${text === null ? '' : `: ${text}`}`,
        }
        return {
          next: { state: 'cancelled', reason: why },
          events: [cancelledEvent(record, by, text)],
        }
      }
      return wake(await records.transition(id, change, tenant))
    },
    async reconcile(id, given) {
      const tenant = callerTenant(given)
      const read = readReconciliation(given)
      const change = (record: ApprovalRecord) => reconcileChange(record, read, terms())
      return wake(await records.transition(id, change, tenant))
    },
    wait: async (id, waitOptions) =>
      toApproval(await waitForReview(records, wakeUps, id, waitOptions)),
  }
}
