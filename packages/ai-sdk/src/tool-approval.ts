import { cancelApproval, isLeluError, LeluError, repeatedIdText } from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import type { Announced } from './announced.ts'
import { type ApprovalStatus, decideNow, denied, lookAt, suspendInside } from './decide-call.ts'
import { isToolSearch } from './guard-tools.ts'
import { guardedCall } from './guarded-call.ts'
import { toolAround } from './inside-tool.ts'
import { contextFor, contextOf, isGated } from './own-gate.ts'
import type { GuardState } from './state.ts'
import type { AnyTool } from './tool-input.ts'

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

/** Generic, so that it has no say in the type of the run's context. */
export type ToolApproval = <Runtime>(question: ApprovalQuestion<Runtime>) => Promise<ApprovalStatus>

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

/** Answers the SDK for every call. What it lets pass is checked again when it executes. */
export function toolApproval(state: GuardState): ToolApproval {
  return async (question) => {
    const { messages, runtimeContext, toolCall } = question
    // Also of a call that is not decided here: nobody else would take it, and its input may be long.
    const answer = state.signals.take(toolCall)
    const tool = coveredTool(state, question)
    if (tool === undefined) return (await isGated(question)) ? { type: 'user-approval' } : undefined
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
