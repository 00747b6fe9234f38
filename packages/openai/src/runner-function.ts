import { randomUUID } from 'node:crypto'
import { cancelApproval, type Json, jsonText } from '@lelu/engine/adapter'
import type { FunctionTool, ResponseOutputItem } from 'openai/resources/responses/responses'
import type { Guard } from './guarded-call.ts'
import { answerMcp, isApproved } from './mcp.ts'
import type { GuardedCall } from './options.ts'
import { responsesTool } from './shown-tool.ts'
import type { BoundTool, GuardableTool } from './tool.ts'
import { type Output, outputOf, toOutput } from './tool-output.ts'
import { answerWithoutSuspending, assertMode } from './without-suspending.ts'

/** A tool as `ResponsesToolRunner` takes it. */
export type RunnerFunction = {
  tool: FunctionTool
  /** Lets the app answer a call itself at a turn, with `turn.supplyOutputs`. */
  allowOutputOverride: true
  execute: (
    args: Record<string, unknown>,
    options?: { signal: AbortSignal | undefined },
  ) => Promise<Output>
}

/** The runner tells neither the call nor its response. No call of it is ever taken up again, so any name will do. */
function viewOf(tool: string, text: string, signal: AbortSignal | undefined): GuardedCall {
  return { id: randomUUID(), tool, arguments: text, history: [], context: undefined, signal }
}

const instead = 'executeOutput() and turn.supplyOutputs() at the turns of iterate()'

async function execute(
  guard: Guard,
  tool: BoundTool,
  args: Record<string, unknown>,
  signal: AbortSignal | undefined,
) {
  assertMode(guard.options, 'ResponsesToolRunner', instead)
  const view = viewOf(tool.name, jsonText(args as Json), signal)
  const answer = await answerWithoutSuspending(guard, {
    view,
    key: view.id,
    kind: 'function',
    tool,
    toContent: (value) => toOutput(value) as Json,
  })
  // Without us, an error of the tool ends the run as well.
  if (answer.status === 'threw') throw answer.error
  return outputOf(answer.content, answer.edited)
}

/**
 * The tool for `ResponsesToolRunner`. In mode `suspend` it runs nothing by itself: answer its calls at each turn with
 * `turn.supplyOutputs((await guard.executeOutput(turn.response)).items)`.
 */
export function runnerFunction(guard: Guard, given: GuardableTool): RunnerFunction {
  const tool = guard.toolbox.bind(given)
  // Plain data: the runner copies the declaration.
  const shown = responsesTool(tool, guard.options.confidence?.added)
  return {
    tool: JSON.parse(JSON.stringify(shown)) as FunctionTool,
    allowOutputOverride: true,
    execute: (args, options) => execute(guard, tool, args, options?.signal),
  }
}

/** Answers whether a call of a hosted MCP server may run. */
export type ApproveMcp = (
  request: Readonly<ResponseOutputItem.McpApprovalRequest>,
) => Promise<boolean>

/** `approveMcp` of `ResponsesToolRunner`: true only when the engine lets the call run. */
export function mcpApprover(guard: Guard): ApproveMcp {
  assertMode(guard.options, 'approveMcp', 'executeOutput() in a loop of your own')
  return async ({ id, name, server_label, arguments: text }) => {
    const view: GuardedCall = { ...viewOf(name, text, undefined), id, server: server_label }
    // Never taken up again: against an older run in which a request had the same id.
    const call = { view, key: `${id}@${randomUUID()}` }
    const answer = await answerMcp(guard, call)
    if (answer.status !== 'pending') return isApproved(id, answer)
    await cancelApproval(guard.options, answer.approval, 'nobody decided in time')
    return isApproved(id, await answerMcp(guard, call))
  }
}
