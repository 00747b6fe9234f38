import {
  type AdapterCall,
  type Approval,
  holdCall,
  isLeluError,
  LeluError,
  pendingText,
  repeatedIdText,
  unknownApprovalText,
} from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import type { Announced } from './announced.ts'
import { findApproval } from './find-approval.ts'
import { type AnyTool, guardedCall } from './guarded-call.ts'
import type { GuardedCall } from './options.ts'
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
  | { type: 'user-approval'; reason: string }

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
  if (typeof tool?.execute !== 'function' || providerExecuted === true) return undefined
  if (guarded.has(tool.execute)) return tool
  throw new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `The tool ${toolName} is not guarded, so its approval would not hold. No tool was run.`,
    { help: 'Pass tools: guard.tools(tools), and wrap tools in others before, not after it.' },
  )
}

/** The same id twice in one answer: nobody could say which of the two was approved. */
async function refuseRepeated(state: GuardState, first: Announced): Promise<ApprovalStatus> {
  first.repeated = true
  first.held?.release()
  if (first.approvalId !== undefined) {
    const reason = 'another call of the same answer has its id'
    await state.options.lelu.approvals.cancel(first.approvalId, { reason })
  }
  return denied(repeatedIdText)
}

/**
 * A suspended call that is taken up again is only looked at here; `execute` claims it. So nothing is claimed that the
 * SDK then does not run.
 */
async function lookAt(
  state: GuardState,
  call: AdapterCall<GuardedCall>,
  announced: Announced,
): Promise<ApprovalStatus> {
  const approval = await findApproval(state.options, call)
  if (approval === undefined) return denied(unknownApprovalText)
  if (approval !== 'altered') {
    if (approval.state === 'pending') return denied(pendingText(approval, 'closed'))
    if (approval.state === 'approved' || approval.state === 'completed') return undefined
  }
  // It has ended without a result, or another process is at it: the engine says which, and throws if it is.
  return decideNow(state, call, announced)
}

/** Waits as the mode says, and answers how the approval stands then. */
async function waitFor(
  { options }: GuardState,
  { id }: Approval,
  signal: AbortSignal | undefined,
): Promise<Approval> {
  const until = performance.now() + (options.waitMs ?? 55_000)
  for (;;) {
    const timeoutMs = Math.max(until - performance.now(), 0)
    const approval = await options.lelu.approvals.wait(id, { timeoutMs, ...(signal && { signal }) })
    if (approval.state !== 'pending' || performance.now() >= until) return approval
  }
}

/** Asks the engine, and holds an allowed call for `execute`. */
async function decideNow(
  state: GuardState,
  call: AdapterCall<GuardedCall>,
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
      announced.approvalId = result.approval.id
      if (mode === 'tell-model') return denied(result.text)
      if (mode === 'suspend') return userApproval(result.approval)
      const approval = await waitFor(state, result.approval, call.signal)
      return approval.state === 'pending' ? userApproval(approval) : lookAt(state, call, announced)
    }
  }
}

/** Answers the SDK for every call. What it lets pass is checked again when it executes. */
export function toolApproval(state: GuardState): ToolApproval {
  return async (question) => {
    const tool = coveredTool(state, question)
    if (tool === undefined) return undefined
    const { messages, runtimeContext, toolCall } = question
    const answer = state.signals.take(toolCall)
    const call = await guardedCall(state, {
      toolCall,
      messages,
      runtimeContext,
      tool,
      signal: answer?.aborted,
      answer,
    })
    const announced: Announced = { runtimeContext }
    const keep = () => state.announced.keep(messages, toolCall.toolCallId, announced)
    if (call.resumed === true) {
      // An engine that cannot decide is thrown here: a denial would close the call in the history for good.
      const status = await lookAt(state, call, announced)
      if (status === undefined) keep()
      return status
    }
    try {
      const first = state.announced.find(messages, toolCall.toolCallId)
      if (first !== undefined) return await refuseRepeated(state, first)
      keep()
      return await decideNow(state, call, announced)
    } catch (error) {
      // Thrown errors end the whole run, so the model is told that the call did not run.
      if (isLeluError(error)) return denied(`${error.message} The call did not run.`)
      throw error
    }
  }
}
