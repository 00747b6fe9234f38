import { hash } from 'node:crypto'
import { canonicalJson } from '@lelu/audit'
import type { Approval } from '../approvals/record.ts'
import { type CodedError, isLeluError, LeluError } from '../errors.ts'
import type { GuardHooks } from '../execution/guard.ts'
import { notRun } from '../execution/not-run.ts'
import type { Outcome, ToolRun } from '../execution/outcome.ts'
import { pendingText } from '../refusal.ts'
import { thawedCopy } from '../request/frozen-copy.ts'
import type { DecisionRequest, Json, ToolCall } from '../types.ts'
import type { GuardOptions } from './options.ts'
import { readConfidence } from './read-confidence.ts'
import { type AdapterCall, toRequest } from './request.ts'
import { refusedText, revokedText, runningText, unknownApprovalText } from './wording.ts'

/**
 * How a guarded call ended. `threw`: the tool itself failed. What is thrown instead of answered is an engine that
 * cannot decide (`LELU_STORE_UNAVAILABLE`, `LELU_AUDIT_UNAVAILABLE`, …): nothing ran, and asking again may help.
 */
export type CallResult<T> =
  | { status: 'executed'; value: T; replayed: boolean; approval: Approval | null }
  | { status: 'suspended'; approval: Approval; text: string }
  | { status: 'refused'; text: string; code: string }
  | { status: 'threw'; error: unknown }

/** Runs the tool on exactly this input, a copy that it may change. */
export type RunTool<T> = (input: Json, run: ToolRun) => T | Promise<T>

/** Errors that stand: the same call would get them again, so the model is told. */
const finalCodes: readonly string[] = [
  'LELU_APPROVAL_CONFLICT',
  'LELU_APPROVAL_FAILED',
  'LELU_APPROVAL_UNKNOWN',
  'LELU_APPROVAL_ALTERED',
]

/** What is wrong with a request may be the model's part of it, or the developer's: his options, which no model mends. */
function isOfModel({ details }: CodedError): boolean {
  return typeof details?.path !== 'string' || /^call\.(?:input|tool|id)\b/.test(details.path)
}

function isFinal(error: unknown): error is CodedError {
  if (!isLeluError(error)) return false
  if (error.code === 'LELU_REQUEST_INVALID' || error.code === 'LELU_INPUT_TOO_LARGE') {
    return isOfModel(error)
  }
  if (error.code !== 'LELU_APPROVAL_STATE') return finalCodes.includes(error.code)
  return error.details?.state === 'completed'
}

/** Whether a call failed because another one with the same approval has it right now: asking again later tells the end. */
export function isTaken(error: unknown): error is CodedError {
  if (!isLeluError(error)) return false
  const { code, details } = error
  const lostRace = code === 'LELU_APPROVAL_STATE' && details?.state === 'approved'
  return code === 'LELU_APPROVAL_EXECUTING' || details?.reason === 'token_superseded' || lostRace
}

/**
 * Whether what was approved was revoked since, with all of its agent, person or tenant: no later resume of it runs. With a
 * revoked signing key it still may, once there is a new one.
 */
function isRevoked(error: unknown): error is CodedError {
  if (!isLeluError(error)) return false
  const { reason, key } = error.details ?? {}
  return error.code === 'LELU_TOKEN_REFUSED' && reason === 'token_revoked' && key === undefined
}

/**
 * In mode `tell-model` the model asks again by calling again, under a new call id. So there the input names the call:
 * the same input in the same run is the same call.
 */
function sameInputId({ tool, server = '', input }: AdapterCall<unknown>): string {
  const text = JSON.stringify([tool, server, canonicalJson(input)])
  return `same-input:${hash('sha256', text, 'base64url')}`
}

/** For the engine, whatever the reason of an abort was: a tool that was left at work may still take effect. */
function leftAtWork(cause: unknown): Error {
  const error = new Error('The run was aborted while the tool was at work.', { cause })
  return Object.assign(error, { name: 'AbortError' })
}

function notStarted(tool: string): LeluError {
  return notRun(
    new LeluError(
      'LELU_CALL_INVALID',
      `The run was aborted before ${tool} began. It was not run.`,
      {
        help: 'Nothing is to be done: ask again for what is still wanted.',
      },
    ),
  )
}

/** An answer that this version does not know is not a permission. */
function unknownAnswer(tool: string): LeluError {
  return new LeluError(
    'LELU_CALL_INVALID',
    `The engine answered the call of ${tool} with a status that is not known here. The tool was not run.`,
    { help: 'Install the same version of the engine and the adapter.' },
  )
}

/** For `holdCall`, which executes later than it asks. */
type Holding = {
  /** Told of the input as soon as the policy allows it, before the record is on disk: nothing may run then. */
  allowed(input: Json): void
  /** Of the execution, which the framework may not tell when it asks. */
  signal(): AbortSignal | undefined
}

/**
 * One tool call through the engine: decided, then run, refused or suspended. A call that is suspended already goes on
 * from where it stands, whoever asks and however often.
 */
export async function guardCall<T, Call>(
  options: GuardOptions<Call>,
  call: AdapterCall<Call>,
  runTool: RunTool<T>,
  holding?: Holding,
): Promise<CallResult<T>> {
  const { lelu, mode = 'suspend', waitMs = 55_000 } = options
  const { signal } = call
  signal?.throwIfAborted()
  let failure: { error: unknown } | undefined
  try {
    const named = mode === 'tell-model' ? { ...call, id: sameInputId(call) } : call
    const request = await toRequest(options, named)
    if (call.resumed === true && !(await isOnRecord(lelu, request))) {
      return { status: 'refused', text: unknownApprovalText, code: 'LELU_APPROVAL_NOT_FOUND' }
    }
    signal?.throwIfAborted()
    const execute = async ({ input }: ToolCall, run: ToolRun) => {
      // A reader may have asked for long. What a person approved is used up by now, and runs: nobody could ask again.
      if (signal?.aborted === true && run.approval === null) {
        failure = { error: signal.reason }
        throw notStarted(call.tool)
      }
      try {
        return await runTool(thawedCopy(input), run)
      } catch (error) {
        failure = { error }
        const aborted = [signal, holding?.signal()].some((one) => one?.aborted === true)
        throw aborted && !isLeluError(error) ? leftAtWork(error) : error
      }
    }
    const hooks = { ...readingOf(options, call), ...(holding && { allowed: holding.allowed }) }
    const guarded = () => lelu.guard<T>(request, execute, hooks)

    let outcome: Outcome<T> = await guarded()
    const until = performance.now() + waitMs
    while (outcome.status === 'suspended' && mode === 'wait') {
      const timeoutMs = until - performance.now()
      if (timeoutMs <= 0) break
      await lelu.approvals.wait(outcome.approval.id, { timeoutMs, ...(signal && { signal }) })
      outcome = await guarded()
    }
    return toResult(outcome)
  } catch (error) {
    if (failure !== undefined) return { status: 'threw', error: failure.error }
    if (mode === 'tell-model' && isTaken(error)) {
      return { status: 'refused', text: runningText, code: error.code }
    }
    if (isRevoked(error)) return { status: 'refused', text: revokedText, code: error.code }
    if (!isFinal(error)) throw error
    const text = `${error.message} Do not retry the same call.`
    return { status: 'refused', text, code: error.code }
  }

  function toResult(outcome: Outcome<T>): CallResult<T> {
    switch (outcome.status) {
      case 'executed': {
        const { value, replayed = false, approval = null } = outcome
        return { status: 'executed', value, replayed, approval }
      }
      case 'suspended': {
        const { approval } = outcome
        return { status: 'suspended', approval, text: pendingText(approval, mode) }
      }
      case 'denied': {
        const code = outcome.decision.reasons[0]?.id ?? 'denied'
        return { status: 'refused', text: refusedText(outcome), code }
      }
      default:
        throw unknownAnswer(call.tool)
    }
  }
}

/** Asks the reader when the engine has a decision to make. */
function readingOf<Call>(
  { confidence: reader, confidenceMs }: GuardOptions<Call>,
  { evidence }: AdapterCall<Call>,
): GuardHooks {
  if (reader === undefined || evidence === undefined) return {}
  return { confidence: () => readConfidence(reader, evidence, confidenceMs) }
}

async function isOnRecord(
  lelu: GuardOptions<unknown>['lelu'],
  { tenant, run = '', call }: DecisionRequest,
): Promise<boolean> {
  const known = await lelu.approvals.find({
    ...(tenant !== undefined && { tenant }),
    run,
    call: call.id,
  })
  return known !== undefined
}

/** The input the call ran with, when a reviewer changed it; undefined when it ran as the model wrote it. */
export function editedInput(approval: Approval | null): Json | undefined {
  return approval !== null && approval.edits.length > 0 ? approval.request.call.input : undefined
}
