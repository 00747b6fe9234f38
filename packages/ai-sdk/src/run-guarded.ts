import {
  type AdapterCall,
  asInput,
  type CallResult,
  editedInput,
  guardCall,
  isSameInput,
  type Json,
  LeluError,
  notResumableText,
  type RunTool,
} from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'
import type { Announced } from './announced.ts'
import { cancelAborted, findApproval } from './find-approval.ts'
import { type AskedCall, guardedCall } from './guarded-call.ts'
import { innerCall, runInside } from './inside-tool.ts'
import type { GuardedCall } from './options.ts'
import { placeOf } from './place.ts'
import type { GuardState } from './state.ts'
import { type AnyTool, assertFits } from './tool-input.ts'
import { answered, unanswered } from './unanswered.ts'

/** What the SDK hands to `execute` beside the input. */
export type ExecuteOptions = {
  toolCallId: string
  messages: ModelMessage[]
  abortSignal?: AbortSignal
  /** The tool's own, from the setting `toolsContext`. */
  context?: unknown
}

export type Execution = {
  tool: AnyTool
  toolName: string
  input: unknown
  options: ExecuteOptions
  /** Runs the tool itself on exactly this input. */
  runTool: (input: Json) => Promise<unknown>
}

/** The decision that was made when the SDK asked, when it was about exactly this input; otherwise a new one. */
async function settleCall(
  state: GuardState,
  announced: Announced | undefined,
  call: AdapterCall<GuardedCall>,
  run: RunTool<unknown>,
): Promise<CallResult<unknown>> {
  const { held } = announced ?? {}
  // Against code between the decision and the execution that changes the input.
  const same = held !== undefined && isSameInput(held.input, call.input)
  const started = same && call.signal?.aborted !== true ? held.start(run, call.signal) : undefined
  if (started !== undefined) return started
  held?.release()
  return guardCall<unknown, GuardedCall>(state.options, call, run)
}

/** A call that nobody could resume must not be left for a reviewer to approve. */
async function refuseSuspension(
  { options }: GuardState,
  toolName: string,
  approvalId: string,
): Promise<LeluError> {
  await options.lelu.approvals.cancel(approvalId, { reason: 'nothing could resume it' })
  return new LeluError('LELU_CALL_INVALID', notResumableText(toolName), {
    help: 'Pass toolApproval: guard.toolApproval() beside the tools, or choose the mode `wait` or `tell-model`.',
  })
}

/** Against code that executes a tool itself: without an id and a history, all calls of a tool would be one call. */
function assertNamed(toolName: string, options: Partial<ExecuteOptions> | undefined): void {
  if (options?.toolCallId !== undefined && Array.isArray(options.messages)) return
  throw new LeluError(
    'LELU_CALL_INVALID',
    `The tool ${toolName} was executed without a toolCallId, or without messages. It was not run.`,
    { help: 'Pass { toolCallId, messages } beside the input, with another id for each call.' },
  )
}

/** A call that waited here when its run was aborted. */
async function leaveAborted({ options }: GuardState, call: AskedCall): Promise<void> {
  if (options.mode !== 'wait') return
  const approval = await findApproval(options, call).catch(() => undefined)
  if (approval !== undefined && approval !== 'altered') await cancelAborted(options, approval)
}

/**
 * The execution of a call: the binding check, whatever was or was not decided before. Answers the tool's output, or
 * throws what the SDK shows the model as the error of the tool. A resumed call that cannot be carried out now is
 * neither: another process may have it, or the store or the app's own session is away.
 */
export async function runGuarded(state: GuardState, execution: Execution): Promise<unknown> {
  const { tool, toolName, input, options, runTool } = execution
  assertNamed(toolName, options)
  const { toolCallId, messages, abortSignal: signal, context: toolContext } = options
  const inner = innerCall(messages, toolCallId)
  const announced = inner === undefined ? state.announced.take(messages, toolCallId) : undefined
  if (announced?.refusal !== undefined) throw new Error(announced.refusal)
  const woken = inner === undefined && placeOf(messages, toolCallId).resumed
  const { runtimeContext } = inner ?? announced ?? {}
  let call: AskedCall | undefined
  let result: CallResult<unknown>
  try {
    call = await guardedCall(state, {
      toolCall: { toolCallId, toolName, input },
      messages,
      runtimeContext,
      tool,
      toolContext,
      signal,
      // Held too long, the call is decided anew: on what was read, if it is still the same call.
      answer: isSameInput(announced?.held?.input, asInput(input)) ? announced?.answer : undefined,
      innerId: inner?.id,
    })
    const running = { tool: toolName, id: call.id, messages, runtimeContext }
    result = await settleCall(state, announced, call, async (stored, { approval }) => {
      if (editedInput(approval) !== undefined) await assertFits(tool, stored)
      return runInside(running, () => runTool(stored))
    })
  } catch (error) {
    if (woken) return unanswered(error)
    if (call !== undefined && signal?.aborted === true) await leaveAborted(state, call)
    throw error
  }
  switch (result.status) {
    case 'executed':
      return state.notes.add(answered(result.value), editedInput(result.approval), input, tool)
    case 'threw':
      throw result.error
    case 'refused':
      throw new Error(result.text)
    case 'suspended':
      if (call.resumed === true || state.options.mode === 'tell-model') throw new Error(result.text)
      throw await refuseSuspension(state, toolName, result.approval.id)
  }
}
