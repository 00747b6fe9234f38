import { isGraphBubbleUp } from '@langchain/langgraph'
import { invalidInputText, type Json, LeluError } from '@lelu/engine/adapter'
import {
  type AgentMiddleware,
  createMiddleware,
  type ToolCallHandler,
  type ToolCallRequest,
  ToolInvocationError,
} from 'langchain'
import { cancelAbandoned } from './abandoned.ts'
import { type BindableTool, bindTool, canBeHanded, isBindable, neverRuns } from './bind-tool.ts'
import { answeredSignals, giveId, readAtAnswer } from './confidence.ts'
import { isCoreTool } from './core-tool.ts'
import { answersIn, cutOffMarks, markCutOff } from './cut-off.ts'
import { isOutage } from './engine-error.ts'
import { failNode } from './fail-node.ts'
import { type CallResult, guardCall } from './guard-call.ts'
import { checkOptions, type MiddlewareOptions } from './options.ts'
import { guardedCall } from './place.ts'
import { argsOf, parseInput } from './tool-input.ts'
import { refusalMessage, toolErrorMessage } from './tool-output.ts'
import { type Turn, takeTurn } from './turn.ts'
import { unguarded } from './unguarded.ts'

type RequestedTool = ToolCallRequest['tool']
type Configurable = Parameters<typeof failNode>[1]

/** The request that runs the tool on the stored input. A tool that middleware behind ours supplies is not known here. */
function boundRequest(
  request: ToolCallRequest,
  tool: BindableTool | undefined,
  input: Json,
  isApproved: boolean,
): ToolCallRequest {
  const toolCall = { ...request.toolCall, args: argsOf(input), type: 'tool_call' as const }
  if (tool === undefined) return { ...request, toolCall }
  return {
    ...request,
    toolCall,
    tool: bindTool(tool, { input, call: toolCall, isApproved }) as RequestedTool,
  }
}

/** Throws `LELU_TOOL_UNSUPPORTED` for a tool that could be handed other arguments than the decided ones. */
function assertBindable(tool: unknown, name: string): asserts tool is BindableTool | undefined {
  if (tool === undefined || isBindable(tool)) return
  throw new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `The tool ${name} is of no kind that can be held to the decided input. It was not run.`,
    { help: 'Make it with tool(), a StructuredTool class, or the asTool() of a runnable.' },
  )
}

/** An abort is the caller's own error, and is passed on as it is. */
function ended(error: unknown, { aborted }: Partial<AbortSignal>, configurable: Configurable) {
  return aborted === true ? error : failNode(error, configurable)
}

/** The framework's own words for arguments that do not fit; nothing can run. */
function refuseArguments(
  request: ToolCallRequest,
  handler: ToolCallHandler,
  tool: unknown,
): ReturnType<ToolCallHandler> {
  if (isCoreTool(tool)) return handler({ ...request, tool: neverRuns(tool) as RequestedTool })
  const { id = '', name } = request.toolCall
  return refusalMessage(invalidInputText(name), { id, name })
}

/** It adds no state, no context and no tools, so what an agent infers stays as it is. */
export type LeluMiddleware = AgentMiddleware<
  undefined,
  undefined,
  unknown,
  readonly [],
  readonly []
>

/**
 * Lets the engine decide every tool call of an agent. Put it last: what middleware behind it changes is not seen by
 * the policy (the input that was decided runs all the same). Needs a checkpointer and a `thread_id`
 * (`LELU_CHECKPOINTER_MISSING`), for a call that waits for a person waits in the thread.
 */
export function leluMiddleware(options: MiddlewareOptions): LeluMiddleware {
  checkOptions(options)
  const signals = answeredSignals()
  const marks = cutOffMarks()
  const askModel = readAtAnswer(options, signals)
  return createMiddleware({
    name: 'LeluMiddleware',
    async wrapModelCall(request, handler) {
      const { configurable = {}, context, signal } = request.runtime
      const { messages } = request.state
      await cancelAbandoned({ messages, configurable, context, signal }, options).catch((error) => {
        throw ended(error, signal ?? {}, configurable)
      })
      const answer = await (askModel?.(request, handler) ?? handler(request))
      for (const message of answersIn(markCutOff(answer))) {
        giveId(message)
        marks.keep({ message, configurable })
      }
      return answer
    },
    async wrapToolCall(request, handler) {
      const { runtime, state } = request
      const { configurable, context, signal } = runtime
      const { messages } = state
      const tool: unknown = unguarded(request.tool, options.lelu)
      assertBindable(tool, request.toolCall.name)
      // Middleware before this one may have put another tool there than the one that the model called.
      const toolCall = { ...request.toolCall, name: tool?.name ?? request.toolCall.name }
      const call = guardedCall({ toolCall, messages, configurable, context, signal }, options)
      const decided = async (turn: Turn): Promise<CallResult | undefined> => {
        const { valid, input } = { input: null, ...(await parseInput(tool, toolCall.args)) }
        if (!valid || !canBeHanded(tool, input)) return undefined
        const run = async (stored: Json, isApproved: boolean) =>
          handler(boundRequest(request, tool, stored, isApproved))
        const { args } = toolCall
        return guardCall({ options, call, turn, tool, args, input, signals, marks, run })
      }
      const result = await takeTurn(call, decided).catch((error) => {
        throw ended(error, signal ?? {}, configurable)
      })
      if (result === undefined) return refuseArguments(request, handler, tool)
      if (result.status !== 'threw') return result.output
      const { error } = result
      if (signal?.aborted === true) throw error
      if (isOutage(error)) throw failNode(error, configurable)
      const passes = isGraphBubbleUp(error) || ToolInvocationError.isInstance(error)
      if (passes || options.toolErrors === 'throw') throw error
      return toolErrorMessage(error, call.toolCall)
    },
  })
}
