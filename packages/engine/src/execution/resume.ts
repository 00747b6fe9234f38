import { callerTenant } from '../approvals/caller-tenant.ts'
import { type ApprovalRecord, toApproval } from '../approvals/record.ts'
import { mayRunAgain } from '../approvals/state.ts'
import { LeluError } from '../errors.ts'
import { type Execute, type Outcome, overruled } from './outcome.ts'
import { type Caller, checkCaller, type RedeemOptions, redeem } from './redeem.ts'
import { runClaimed } from './run-claimed.ts'

function executingError(record: ApprovalRecord, now: number): LeluError {
  const retryAfterMs = Math.max((record.attempt?.leaseUntil ?? now) - now, 1)
  return new LeluError(
    'LELU_APPROVAL_EXECUTING',
    `Approval ${record.id} is being executed by another process.`,
    {
      help: `Ask again in ${Math.ceil(retryAfterMs / 1000)} s for its result.`,
      details: { approval: record.id, state: 'executing', retryAfterMs },
    },
  )
}

function unknownError(id: string): LeluError {
  return new LeluError(
    'LELU_APPROVAL_UNKNOWN',
    `Whether the call of approval ${id} took effect is not known: its process was lost, or it was aborted, while the tool ran.`,
    {
      help: `It is not run again by itself. Look at the target, then say what came of it: lelu approvals reconcile ${id} --as completed, failed or retry --reason <text>`,
      details: { approval: id, state: 'unknown' },
    },
  )
}

function failedError({ id, result }: ApprovalRecord): LeluError {
  const message = result?.status === 'failed' || result?.status === 'not_run' ? result.message : ''
  const details = { approval: id, state: 'failed', message }
  if (result?.status === 'not_run') {
    return new LeluError('LELU_APPROVAL_FAILED', `The call of approval ${id} was not run.`, {
      help: 'It was stopped before it began, and its approval is spent. Let the agent ask anew.',
      details,
    })
  }
  return new LeluError('LELU_APPROVAL_FAILED', `The call of approval ${id} ran and failed.`, {
    help: 'It is not run again, for it may have taken effect in part. Let the agent ask anew.',
    details,
  })
}

/** The kept result of a call that ran earlier: answered, never run again. */
function replay<T>(record: ApprovalRecord): Outcome<T> {
  const { result, decision, id } = record
  const approval = toApproval(record)
  if (result?.status === 'completed' && result.kept) {
    return { status: 'executed', value: result.value as T, decision, approval, replayed: true }
  }
  throw new LeluError(
    'LELU_APPROVAL_STATE',
    `Approval ${id} is completed: the call ran, but its result was too large or no JSON, so it was not kept.`,
    {
      help: 'It is not run again. Read the result from where the tool put it.',
      details: { approval: id, state: record.state },
    },
  )
}

/** What a call that does not run now is answered with; undefined when it may be redeemed. */
function answerOf<T>(record: ApprovalRecord, now: number): Outcome<T> | undefined {
  const { id, decision } = record
  const approval = toApproval(record)
  switch (record.state) {
    case 'pending':
      return { status: 'suspended', approval, decision }
    case 'denied':
    case 'expired':
    case 'cancelled':
    case 'revoked': {
      const reason = record.reason ?? {
        id: `approval_${record.state}`,
        message: `The approval is ${record.state}`,
      }
      return { status: 'denied', decision: overruled(decision, reason), approval }
    }
    case 'completed':
      return replay(record)
    case 'failed':
      throw failedError(record)
    case 'unknown':
      throw unknownError(id)
    case 'executing': {
      const lost = now >= (record.attempt?.leaseUntil ?? Number.POSITIVE_INFINITY)
      // A tool that may not repeat is made `unknown` by the load; here the database has not yet said so.
      if (lost && mayRunAgain(record.request.call.effect ?? 'non_idempotent')) return undefined
      throw executingError(record, now)
    }
    case 'approved':
      return undefined
    default:
      throw new LeluError(
        'LELU_APPROVAL_ALTERED',
        `Approval ${id} is in a state this version does not know.`,
        {
          help: 'Update Lelu, or find out who wrote to the database.',
          details: { approval: id },
        },
      )
  }
}

/** Each is one of others who change the approval at this moment: votes, notices, another resume. */
const maxRounds = 20

/** Resumes a suspended call: mints, redeems and runs the stored input once, or says why not. */
export async function resume<T>(
  id: string,
  execute: Execute<T>,
  caller: Caller,
  options: RedeemOptions,
): Promise<Outcome<T>> {
  const record = await options.records.load(id, callerTenant(caller))
  // Whatever its state: the kept result of a call is not another agent's either.
  checkCaller(record, caller)
  return resumeFrom(record, execute, options)
}

/** The same from a record that was just loaded. Never one that a caller handed in: its seal is not looked at again. */
export async function resumeFrom<T>(
  loaded: ApprovalRecord,
  execute: Execute<T>,
  options: RedeemOptions,
): Promise<Outcome<T>> {
  let record = loaded
  for (let round = 0; round < maxRounds; round += 1) {
    const answer = answerOf<T>(record, options.now())
    if (answer !== undefined) return answer
    const redeemed = await redeem(record, options)
    if ('status' in redeemed) return redeemed
    if ('gated' in redeemed) return runClaimed(redeemed, execute, options)
    record = redeemed
  }
  throw new LeluError('LELU_APPROVAL_CONFLICT', `Others keep changing approval ${record.id}.`, {
    help: 'Resume it again; if it stays, look for a process that writes in a loop.',
    details: { approval: record.id },
  })
}
