import type { ChatCompletionTool } from 'openai/resources/chat/completions'
import type { Tool } from 'openai/resources/responses/responses'
import { abandonedCanceller, type CancelAbandoned } from './abandoned.ts'
import { type CancelOutput, outputCanceller } from './cancel-output.ts'
import { type ExecuteToolCalls, toolCallExecutor } from './chat.ts'
import type { Guard } from './guarded-call.ts'
import { checkOptions, type GuardFunctionsOptions } from './options.ts'
import { type ExecuteOutput, outputExecutor } from './responses.ts'
import { runnable } from './runnable.ts'
import {
  type ApproveMcp,
  mcpApprover,
  type RunnerFunction,
  runnerFunction,
} from './runner-function.ts'
import type { GuardableTool } from './tool.ts'
import { createToolbox } from './toolbox.ts'

/** The tools under guard, for each way in which the SDK takes them. */
export type GuardedFunctions = {
  /** For `chat.completions.create`: the tools as they were given, with the reader's field where it adds one. */
  tools: ChatCompletionTool[]
  /** For `responses.create`: the same tools in the shape of that API. */
  responsesTools: Tool[]
  executeToolCalls: ExecuteToolCalls
  executeOutput: ExecuteOutput
  cancelAbandoned: CancelAbandoned
  cancelOutput: CancelOutput
  /** The tool for `runTools`. Throws `LELU_OPTIONS_INVALID` in mode `suspend`, which a runner cannot do. */
  runnable<T extends GuardableTool>(tool: T): T
  /** The tool for `ResponsesToolRunner`, by itself only in the modes `wait` and `tell-model`. */
  runnerFunction(tool: GuardableTool): RunnerFunction
  /** For `ResponsesToolRunner`. Reading it throws `LELU_OPTIONS_INVALID` in mode `suspend`. */
  readonly approveMcp: ApproveMcp
}

/** Lets the engine decide every call of these tools. Throws `LELU_OPTIONS_INVALID` or `LELU_TOOL_UNSUPPORTED`. */
export function guardFunctions(options: GuardFunctionsOptions): GuardedFunctions {
  checkOptions(options)
  const toolbox = createToolbox(options.tools, options.confidence)
  const guard: Guard = { options, toolbox }
  return {
    tools: toolbox.chat,
    responsesTools: toolbox.responses,
    executeToolCalls: toolCallExecutor(guard),
    executeOutput: outputExecutor(guard),
    cancelAbandoned: abandonedCanceller(guard),
    cancelOutput: outputCanceller(guard),
    runnable: (tool) => runnable(guard, tool),
    runnerFunction: (tool) => runnerFunction(guard, tool),
    get approveMcp() {
      return mcpApprover(guard)
    },
  }
}
