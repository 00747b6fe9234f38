import { findCall, type Json, LeluError, repeatedIdText } from '@lelu/engine/adapter'
import type {
  ResponseCreateParams,
  ResponseCustomToolCallOutput,
  ResponseInputItem,
} from 'openai/resources/responses/responses'
import type { PendingCall } from './chat.ts'
import { type Evidence, responseEvidence } from './evidence.ts'
import { type Settle, settleOnce } from './finished.ts'
import { answerCall, type CallAnswer, type Guard, isSettled, throwIfEnded } from './guarded-call.ts'
import { answerMcp, mcpResponse } from './mcp.ts'
import { type GuardedCall, runOf, sameCall } from './options.ts'
import { type AnsweredResponse, assertEnded, type OutputCall, outputCalls } from './output-calls.ts'
import { errorContent } from './text-content.ts'
import { outputOf, toOutput } from './tool-output.ts'

/** Of `executeOutput`. */
export type ExecuteOutputOptions = {
  /** The items of the conversation from your own store, answers among them. Needed only to go on with a response. */
  input?: readonly ResponseInputItem[]
  /** The parameters of the request, for readers that ask a second model. */
  request?: ResponseCreateParams
  /** Handed to the functions among the options. */
  context?: unknown
  signal?: AbortSignal
}

/** An item that answers a call. */
export type AnswerItem =
  | ResponseInputItem.FunctionCallOutput
  | ResponseCustomToolCallOutput
  | ResponseInputItem.McpApprovalResponse

/** How far the calls of a response are. */
export type ExecutedOutput = {
  /** Answers of the calls that are final and were not in `input` yet. Store them at once. */
  items: AnswerItem[]
  /** For an MCP call, `toolCallId` is the id of its approval request. */
  pending: PendingCall[]
  /** Whether every call that is decided here has its answer. */
  ready: boolean
}

/**
 * Decides the calls of a response and runs what may run. Called again with the same response it goes on where each
 * call stands.
 */
export type ExecuteOutput = (
  response: AnsweredResponse,
  options?: ExecuteOutputOptions,
) => Promise<ExecutedOutput>

/** The call as the functions among the options see it. */
export function viewOf(call: OutputCall, options: ExecuteOutputOptions): GuardedCall {
  const { input = [], context, signal } = options
  const { id, name, text, server } = call
  return {
    id,
    tool: name,
    ...(server !== undefined && { server }),
    arguments: text,
    history: input,
    context,
    signal,
  }
}

/** The item that answers a call. */
export function toItem(
  call: OutputCall,
  answer: Exclude<CallAnswer, { status: 'pending' }>,
): AnswerItem {
  if (call.kind === 'mcp') return mcpResponse(call.id, answer)
  const output =
    answer.status === 'threw' ? errorContent(answer.error) : outputOf(answer.content, answer.edited)
  // A call that the provider's own program made is answered to that program.
  const caller = call.caller?.type === 'program' ? { caller: call.caller } : {}
  const type = call.kind === 'custom' ? 'custom_tool_call_output' : 'function_call_output'
  return { type, call_id: call.id, output, ...caller } as AnswerItem
}

/**
 * Against half a text of a custom call, which looks like a whole one. What is on record was whole when it was decided;
 * for any other call the response must say that it is.
 */
async function assertOnRecord({ options }: Guard, view: GuardedCall, key: string): Promise<void> {
  const found = await findCall(options, { context: view, run: await runOf(options, view), id: key })
  if (found !== undefined) return
  throw new LeluError(
    'LELU_CALL_INVALID',
    `Nothing says whether the response was complete. The custom tool ${view.tool} was not run.`,
    { help: 'Store the `status` of the response, and pass { id, output, status }.' },
  )
}

/** Runs, refuses or suspends the calls of a response, side by side; called again, it goes on where they stand. */
export function outputExecutor(guard: Guard): ExecuteOutput {
  const { toolbox } = guard
  const settle: Settle<CallAnswer> = settleOnce(isSettled)

  async function answer(
    call: OutputCall,
    told: Evidence,
    options: ExecuteOutputOptions,
  ): Promise<CallAnswer> {
    const { request } = options
    const view = viewOf(call, options)
    const evidence = () => told({ request, toolbox, id: call.id })
    const { key, kind, end } = call
    if (end === 'unknown') await assertOnRecord(guard, view, key)
    return kind === 'mcp'
      ? answerMcp(guard, { view, key, evidence, incomplete: end === 'cut' })
      : answerCall(guard, {
          view,
          key,
          kind,
          // A namespace is the provider's: its tools are not among ours, whatever their names.
          tool: call.namespace === undefined ? toolbox.find(kind, call.name) : undefined,
          evidence,
          toContent: (value) => toOutput(value) as Json,
          incomplete: end === 'cut',
        })
  }

  return async (response, options = {}) => {
    const calls = outputCalls(response, options.input ?? [])
    assertEnded(response)
    const told = responseEvidence(response)
    const open = calls.filter(({ answered, repeated }) => !answered && !repeated)
    const works = open.map(async (call) => ({
      same: await sameCall(guard.options, viewOf(call, options), call.key),
      run: () => answer(call, told, options),
      signal: options.signal,
    }))
    const answers = await settle(response, await Promise.all(works))
    throwIfEnded(answers, options.signal)
    const answerOf = new Map(open.map((call, index) => [call.key, answers[index]]))

    const result: ExecutedOutput = { items: [], pending: [], ready: true }
    for (const call of calls) {
      if (call.answered) continue
      const found = answerOf.get(call.key)
      if (found?.status === 'pending') {
        result.ready = false
        if (call.repeated) continue
        const { id: toolCallId, name: tool } = call
        result.pending.push({ approvalId: found.approval.id, toolCallId, tool })
        continue
      }
      const repeated: CallAnswer = { status: 'final', content: repeatedIdText }
      result.items.push(toItem(call, call.repeated || found === undefined ? repeated : found))
    }
    return result
  }
}
