import {
  type Approval,
  cancelApproval,
  holdCall,
  isLeluError,
  LeluError,
  pendingText,
  repeatedIdText,
  unknownApprovalText,
} from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import type { Announced } from './announced.ts'
import { cancelAborted, findApproval, mayHaveRun } from './find-approval.ts'
import { isToolSearch } from './guard-tools.ts'
import { type AnyTool, type AskedCall, guardedCall } from './guarded-call.ts'
import { toolAround } from './inside-tool.ts'
import type { GuardedCall } from './options.ts'
import { contextFor, contextOf, isGated } from './own-gate.ts'
import type { GuardState } from './state.ts'

/** What the SDK asks. Loose on purpose: a narrower type would change what `generateText` infers. */
export type ApprovalQuestion<Runtime = unknown> = {
  toolCall: {
    toolCallId: string
    toolName: string
    input: unknown
    providerExecuted?: boolean
    providerMetadata?: Readonly<Record<string, unknown>>
  }
  tools: unknown
  messages: ModelMessage[]
  runtimeContext: Runtime
  toolsContext: unknown
}

/** Undefined: the call goes on to `execute`. */
export type ApprovalStatus =
  | undefined
  | { type: 'denied'; reason: string }
  | { type: 'user-approval'; reason?: string }

/** Generic, so that it has no say in the type of the run's context. */
export type ToolApproval = <Runtime>(question: ApprovalQuestion<Runtime>) => Promise<ApprovalStatus>

const denied = (reason: string): ApprovalStatus => ({ type: 'denied', reason })

/** What is shown where the app asks, which may be the customer's own browser: no command is named there. */
function userApproval({ id, decision }: Approval): ApprovalStatus {
  const why = decision.reasons.map(({ message }) => message).join('; ')
  return { type: 'user-approval', reason: `${why} (approval ${id})` }
}

/** The tool when this guard decides it; undefined when it runs elsewhere, or not at all. */
function coveredTool(
  { guarded }: GuardState,
  { toolCall, tools }: ApprovalQuestion,
): AnyTool | undefined {
  const { toolName, providerExecuted } = toolCall
  const tool = (tools as Record<string, AnyTool> | undefined)?.[toolName]
  if (typeof tool?.execute !== 'function' || providerExecuted === true || isToolSearch(tool)) {
    return undefined
  }
  if (guarded.has(tool.execute)) return tool
  throw new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `The tool ${toolName} is not guarded, so its approval would not hold. No tool was run.`,
    { help: 'Pass tools: guard.tools(tools), and wrap tools in others before, not after it.' },
  )
}

/** `generateText` keeps what is answered here by the names of properties, and loses it under this one: nobody could resume. */
const lostId = '__proto__'

const lostIdText =
  'A call with this id cannot be answered. It did not run. Make the call again with another id.'

/** The same id twice in one answer: nobody could say which of the two was approved. */
async function refuseRepeated(state: GuardState, first: Announced): Promise<ApprovalStatus> {
  first.refusal = repeatedIdText
  first.held?.release()
  const reason = 'another call of the same answer has its id'
  await cancelApproval(state.options, first.approval, reason)
  return denied(repeatedIdText)
}

/**
 * A suspended call that is taken up again is only looked at here; `execute` claims it. So nothing is claimed that the
 * SDK then does not run.
 */
async function lookAt(
  state: GuardState,
  call: AskedCall,
  announced: Announced,
): Promise<ApprovalStatus> {
  const approval = await findApproval(state.options, call)
  if (approval === undefined && !call.gated) return denied(unknownApprovalText)
  if (approval !== undefined && approval !== 'altered') {
    if (approval.state === 'pending') return denied(pendingText(approval, 'closed'))
    if (approval.state === 'approved' || mayHaveRun(approval)) return undefined // `execute` says what came of it
  }
  // It has ended without a run, or another process is at it: the engine says which, and throws if it is. Or it was
  // held up by the gate of its tool alone, whose answer allows nothing that the policy does not.
  return decideNow(state, call, announced)
}

/** Waits as the mode says, and answers how the approval stands then. */
async function waitFor(
  { options }: GuardState,
  approval: Approval,
  signal: AbortSignal | undefined,
): Promise<Approval> {
  const until = performance.now() + (options.waitMs ?? 55_000)
  try {
    for (;;) {
      const timeoutMs = Math.max(until - performance.now(), 0)
      const more = { timeoutMs, ...(signal && { signal }) }
      const latest = await options.lelu.approvals.wait(approval.id, more)
      if (latest.state !== 'pending' || performance.now() >= until) return latest
    }
  } catch (error) {
    if (signal?.aborted === true) await cancelAborted(options, approval)
    throw error
  }
}

/** The SDK cannot ask a second time about a call, but its history can be resumed a second time. */
function waitsAnew({ id }: Approval): LeluError {
  return new LeluError(
    'LELU_APPROVAL_STATE',
    `Approval ${id} is pending: the policy does not allow the call without it.`,
    {
      help: 'Store nothing of this run. Go on from the same history with guard.settle when it is decided.',
      details: { approval: id, state: 'pending' },
    },
  )
}

/** Asks the engine, and holds an allowed call for `execute`. */
async function decideNow(
  state: GuardState,
  call: AskedCall,
  announced: Announced,
): Promise<ApprovalStatus> {
  const { mode = 'suspend' } = state.options
  // Waiting is done below: a call that is approved meanwhile must not be claimed before it executes.
  const options = mode === 'wait' ? { ...state.options, mode: 'suspend' as const } : state.options
  const first = await holdCall<unknown, GuardedCall>(options, call)
  if ('held' in first) {
    announced.held = first.held
    return undefined
  }
  const { result } = first
  switch (result.status) {
    case 'executed': // earlier: `execute` is given the kept result
      return undefined
    case 'threw':
      throw result.error
    case 'refused':
      return denied(result.text)
    case 'suspended': {
      announced.approval = result.approval
      if (mode === 'tell-model') return denied(result.text)
      if (call.woken) throw waitsAnew(result.approval)
      if (mode === 'suspend') return userApproval(result.approval)
      const approval = await waitFor(state, result.approval, call.signal)
      return approval.state === 'pending' ? userApproval(approval) : lookAt(state, call, announced)
    }
  }
}

/**
 * Inside a tool a run ends with the tool, and its history with it: what is suspended there could be approved for
 * nobody. Unless the app says that it keeps that history, by naming the mode `suspend`.
 */
async function suspendInside(
  state: GuardState,
  outer: string,
  call: AskedCall,
  announced: Announced,
): Promise<ApprovalStatus> {
  const { options } = state
  if (options.mode === 'wait') {
    await cancelApproval(options, announced.approval, 'nobody decided in time')
    return lookAt(state, call, announced) // it is cancelled, or was decided just before
  }
  await cancelApproval(options, announced.approval, 'nothing could resume it')
  throw new LeluError(
    'LELU_CALL_INVALID',
    `The call of ${call.tool} needs a person, and nothing could resume it inside the tool ${outer}. It was not run.`,
    {
      help: 'Give this guard the mode `tell-model` or `wait`; or `suspend`, if you keep its history and resume it.',
    },
  )
}

/** Answers the SDK for every call. What it lets pass is checked again when it executes. */
export function toolApproval(state: GuardState): ToolApproval {
  return async (question) => {
    const tool = coveredTool(state, question)
    if (tool === undefined) return (await isGated(question)) ? { type: 'user-approval' } : undefined
    const { messages, runtimeContext, toolCall } = question
    const answer = state.signals.take(toolCall)
    const call = await guardedCall(state, {
      toolCall,
      messages,
      runtimeContext,
      tool,
      toolContext: await contextFor(tool, contextOf(question)),
      signal: answer?.aborted,
      answer,
    })
    const announced: Announced = { runtimeContext, answer }
    const keep = () => state.announced.keep(messages, toolCall.toolCallId, announced)
    if (call.woken) {
      // An engine that cannot decide is thrown here: a denial would close the call in the history for good.
      const status = await lookAt(state, call, announced)
      if (status === undefined) keep()
      return status
    }
    if (toolCall.toolCallId === lostId) {
      announced.refusal = lostIdText
      keep()
      return undefined // `execute` says it
    }
    let status: ApprovalStatus
    try {
      const first = state.announced.find(messages, toolCall.toolCallId)
      if (first !== undefined) return await refuseRepeated(state, first)
      keep()
      status = await decideNow(state, call, announced)
    } catch (error) {
      // Thrown errors end the whole run, so the model is told that the call did not run.
      if (isLeluError(error)) return denied(`${error.message} The call did not run.`)
      throw error
    }
    const outer = toolAround()
    if (
      status?.type === 'user-approval' &&
      outer !== undefined &&
      state.options.mode !== 'suspend'
    ) {
      return suspendInside(state, outer, call, announced)
    }
    if (announced.held === undefined || !call.gated) return status
    // The app may take days to answer: by then the decision may be another.
    announced.held.release()
    return { type: 'user-approval' }
  }
}
