import { type Approval, isLeluError } from '@lelu/engine'
import { editedInput, editedText } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Task, TaskKeeper } from '../surface/call.ts'
import type { Principal } from '../surface/principal.ts'
import { findApproval, owns } from '../tools/ownership.ts'
import { refusedResult } from '../tools/results.ts'
import { backgroundRuns } from './background-runs.ts'
import type { PendingOptions } from './options.ts'
import { isPermission } from './permission.ts'
import { asResult } from './resume-approved.ts'
import { endedText, retryAfterMs, whereToDecide } from './words.ts'

type Options = Pick<PendingOptions, 'lelu' | 'resume' | 'consoleUrl'>

const iso = (ms: number) => new Date(ms).toISOString()

/** The latest moment at which something is known to have happened to it. */
function lastChange({ createdAt, approvedAt, attempt, votes }: Approval): number {
  return Math.max(createdAt, approvedAt ?? 0, attempt?.startedAt ?? 0, ...votes.map(({ at }) => at))
}

/**
 * The approval is the task, so a task lives as long as its approval and in every process. Its id is that of the
 * approval: not a secret, for whoever asks is held against the caller the call was made for, on every request.
 */
export function taskOf(
  approval: Approval,
  told: { statusMessage: string; pollIntervalMs?: number },
): Task {
  return {
    taskId: approval.id,
    status: 'working',
    createdAt: iso(approval.createdAt),
    lastUpdatedAt: iso(lastChange(approval)),
    ttlMs: null,
    pollIntervalMs: retryAfterMs,
    ...told,
  }
}

/** The task of a call that waits for a person. */
export function waitingTask(approval: Approval, consoleUrl: string | undefined): Task {
  const where = whereToDecide(approval, consoleUrl)
  return taskOf(approval, { statusMessage: `Waiting for a person to approve this call. ${where}` })
}

/**
 * A refused call is `completed` with an error result: by the extension `failed` is for errors of JSON-RPC alone
 * (SEP-2663, Task Status). A store that does not answer is thrown: it ends no task.
 */
export function taskKeeper({ lelu, resume, consoleUrl }: Options): TaskKeeper {
  const runs = backgroundRuns(resume)
  const mine = (id: string, principal: Principal) => findApproval(lelu, id, principal, owns)

  function completed(approval: Approval, result: CallToolResult): Task {
    const {
      statusMessage: _,
      pollIntervalMs: __,
      ...task
    } = taskOf(approval, { statusMessage: '' })
    return { ...task, status: 'completed', result }
  }

  function refused(approval: Approval, code: string, text: string): Task {
    return completed(approval, refusedResult(code, text))
  }

  function approved(approval: Approval, principal: Principal): Task {
    // The person has decided, which is what was asked for. Spending it is another step, and happens once.
    if (isPermission(approval)) return completed(approval, permissionResult(approval))
    const trouble = runs.start(approval.id, principal)
    const statusMessage =
      trouble === undefined
        ? 'Approved; it is being run.'
        : `Approved, but it could not run yet. ${trouble}`
    return taskOf(approval, { statusMessage, pollIntervalMs: 1000 })
  }

  const atWork = (approval: Approval) =>
    taskOf(approval, { statusMessage: 'It is being run.', pollIntervalMs: 1000 })

  function ended(approval: Approval): Task {
    const { id, result, state } = approval
    if (isPermission(approval)) return completed(approval, permissionResult(approval))
    if (result?.status === 'failed') {
      const text = `The call ran and failed: ${result.message} It is not run again.`
      return refused(approval, 'LELU_APPROVAL_FAILED', text)
    }
    if (result?.status === 'not_run') {
      const text = `The call was not run: ${result.message}`
      return refused(approval, 'LELU_APPROVAL_FAILED', text)
    }
    if (state !== 'completed' || result === null) {
      const text = 'Whether the call took effect is not known. A person must look.'
      return refused(approval, 'LELU_APPROVAL_UNKNOWN', text)
    }
    if (!result.kept && runs.isRunning(id)) return atWork(approval)
    const value = result.kept ? result.value : runs.resultOf(id)
    if (value !== undefined) return completed(approval, withEdit(asResult(value), approval))
    const text = 'The call ran, but its result was too large to be kept. It is not run again.'
    return refused(approval, 'LELU_APPROVAL_STATE', text)
  }

  return {
    async get(id, principal) {
      const approval = await mine(id, principal)
      if (approval === undefined) return undefined
      switch (approval.state) {
        case 'pending':
          return waitingTask(approval, consoleUrl)
        case 'approved':
          return approved(approval, principal)
        case 'executing':
          return atWork(approval)
        case 'cancelled': {
          const { pollIntervalMs: _, ...task } = taskOf(approval, {
            statusMessage: endedText(approval),
          })
          return { ...task, status: 'cancelled' }
        }
        case 'denied':
        case 'expired':
        case 'revoked':
          return refused(approval, 'LELU_CALL_DENIED', endedText(approval))
        default:
          return ended(approval)
      }
    },
    /** Nothing is asked in a task: whatever a client sends here, the approval stays as it is. */
    async update(id, principal) {
      return (await mine(id, principal)) !== undefined
    },
    async cancel(id, principal) {
      if ((await mine(id, principal)) === undefined) return false
      const { tenant } = principal
      try {
        await lelu.approvals.cancel(id, { tenant, reason: 'The caller cancelled it.' })
      } catch (error) {
        // One that is running or has ended stays as it is; to cancel is a wish (SEP-2663, Task Cancellation).
        if (!isLeluError(error) || error.code !== 'LELU_APPROVAL_STATE') throw error
      }
      return true
    },
  }
}

function permissionResult(approval: Approval): CallToolResult {
  const { id, state } = approval
  const text =
    state === 'approved'
      ? `Approved (approval ${id}). Call lelu_resume to take the permission; it is given once.`
      : `The permission of approval ${id} was given out already. It is not given twice.`
  return {
    content: [{ type: 'text', text }],
    structuredContent: {
      decision: 'require_approval',
      approval_id: id,
      status: state === 'approved' ? 'approved' : 'spent',
    },
  }
}

function withEdit(result: CallToolResult, approval: Approval): CallToolResult {
  const edited = editedInput(approval)
  if (edited === undefined) return result
  return { ...result, content: [{ type: 'text', text: editedText(edited) }, ...result.content] }
}
