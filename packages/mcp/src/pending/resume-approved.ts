import {
  type Approval,
  type Execute,
  isLeluError,
  type Json,
  type Lelu,
  refusal,
} from '@lelu/engine'
import { editedInput, editedText, isTaken } from '@lelu/engine/adapter'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { Executors } from '../calls/executors.ts'
import type { Principal } from '../surface/principal.ts'
import { findApproval, owns } from '../tools/ownership.ts'
import { failureResult, noApprovalResult, refusedResult } from '../tools/results.ts'
import { shownText } from '../tools/shown.ts'
import type { PendingOptions } from './options.ts'
import { isPermission } from './permission.ts'

/** What became of a call that its own caller took up again. */
export type Resumed =
  | { status: 'executed'; result: CallToolResult; replayed: boolean; approval: Approval }
  /** The caller may run it now, once, with exactly this input. */
  | { status: 'permitted'; input: Json; approval: Approval }
  /** The permission was handed out before. */
  | { status: 'spent'; approval: Approval }
  | { status: 'pending'; approval: Approval }
  | { status: 'running'; approval: Approval }
  /** Ended without a result: `result` says why. */
  | { status: 'refused'; result: CallToolResult; approval: Approval }
  | { status: 'unknown' }

export type ResumeOptions = {
  lelu: Pick<Lelu, 'resume'> & { approvals: Pick<Lelu['approvals'], 'get'> }
  executors: Executors
}

/**
 * Takes up an approved call for the principal it was made for, and for nobody else. It takes effect at most once.
 * `spend`: whether a permission may be handed out, too.
 */
export async function resumeApproved(
  { lelu, executors }: ResumeOptions,
  id: string,
  { principal, signal, spend }: { principal: Principal; signal: AbortSignal; spend: boolean },
): Promise<Resumed> {
  signal.throwIfAborted()
  const approval = await findApproval(lelu, id, principal, owns)
  if (approval === undefined) return { status: 'unknown' }
  const permission = isPermission(approval)
  if (permission && !spend) return { status: 'refused', result: byTheCaller(), approval }
  const { server } = approval.request.call
  const run: Execute<unknown> | undefined = permission
    ? () => ({ permission: 'given' })
    : executors.of(server)
  if (run === undefined) return { status: 'refused', result: elsewhere(server), approval }
  let failure: { error: unknown } | undefined
  const execute: Execute<unknown> = async (call, more) => {
    try {
      return await run(call, more)
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  try {
    // What is resumed is spent, so a server that is away for a moment would cost the person's yes.
    if (!permission && approval.state === 'approved' && server !== undefined)
      await executors.reach?.(server)
    const caller = { tenant: principal.tenant, agent: principal.subject.id }
    const outcome = await lelu.resume(id, execute, caller)
    if (outcome.status === 'suspended') return { status: 'pending', approval: outcome.approval }
    if (outcome.status === 'denied') {
      const ended = outcome.approval ?? approval
      const code = 'LELU_CALL_DENIED'
      return { status: 'refused', result: refusedResult(code, refusal(outcome)), approval: ended }
    }
    const { value, replayed = false, approval: ended = approval } = outcome
    if (!permission)
      return { status: 'executed', result: ran(value, ended), replayed, approval: ended }
    if (replayed) return { status: 'spent', approval: ended }
    return { status: 'permitted', input: ended.request.call.input, approval: ended }
  } catch (error) {
    if (failure !== undefined) return { status: 'refused', result: failed(failure.error), approval }
    // No error of the caller: asking again tells what came of it.
    if (isTaken(error)) return { status: 'running', approval }
    return { status: 'refused', result: failureResult(error), approval }
  }
}

function elsewhere(server: string | undefined): CallToolResult {
  const where = server === undefined ? '' : ` (server ${shownText(server, 100)})`
  return refusedResult(
    'LELU_TOOL_UNSUPPORTED',
    `This call is run by the program that asked for it${where}, not here. It was not run.`,
  )
}

function byTheCaller(): CallToolResult {
  return refusedResult(
    'LELU_TOOL_UNSUPPORTED',
    'Whoever asked for this call runs it, and takes the permission with lelu_resume. It was not run.',
  )
}

function failed(error: unknown): CallToolResult {
  if (isLeluError(error)) return failureResult(error)
  const message = error instanceof Error ? error.message : String(error)
  return refusedResult(
    'LELU_APPROVAL_FAILED',
    `The tool failed: ${shownText(message)} It is not run again, for it may have taken effect in part.`,
  )
}

/** The result of the tool; a reviewer's edit is told, for the model still sees the input it wrote itself. */
function ran(value: unknown, approval: Approval): CallToolResult {
  const result = asResult(value)
  const edited = editedInput(approval)
  if (edited === undefined) return result
  return { ...result, content: [{ type: 'text', text: editedText(edited) }, ...result.content] }
}

/** What another kind of host kept as the result is shown as JSON. */
export function asResult(value: unknown): CallToolResult {
  const { content } = (value ?? {}) as { content?: unknown }
  if (Array.isArray(content)) return value as CallToolResult
  return { content: [{ type: 'text', text: JSON.stringify(value ?? null) }] }
}

/** In words for the model: a call that has not ended, or that is not its own. */
export function unfinished(status: 'unknown' | 'pending' | 'running', id: string): CallToolResult {
  if (status === 'unknown') return noApprovalResult(id)
  return status === 'pending'
    ? refusedResult('LELU_APPROVAL_PENDING', 'Nobody has decided yet. The call has not run.')
    : refusedResult('LELU_APPROVAL_EXECUTING', 'The call is running right now. Ask again later.')
}

/** `PendingOptions.resume`: runs an approved call of a gateway and answers its result, or in words why there is none. */
export function createResume(options: ResumeOptions): PendingOptions['resume'] {
  return async (id, context) => {
    const resumed = await resumeApproved(options, id, { ...context, spend: false })
    switch (resumed.status) {
      case 'executed':
      case 'refused':
        return resumed.result
      case 'unknown':
      case 'pending':
      case 'running':
        return unfinished(resumed.status, id)
      default:
        return byTheCaller() // without `spend` no permission is handed out
    }
  }
}
