// Guarding tool calls
export { type GuardedFunctions, guardFunctions } from './guard-functions.ts'
export type { GuardedCall, GuardFunctionsOptions } from './options.ts'
export type { GuardableTool, RunnableCustomTool, RunnableTool } from './tool.ts'

// Chat Completions
export type { CancelAbandoned, CancelAbandonedOptions } from './abandoned.ts'
export type {
  ExecutedToolCalls,
  ExecuteToolCalls,
  ExecuteToolCallsOptions,
  PendingCall,
} from './chat.ts'
export type { AssistantMessage } from './place.ts'

// Responses
export type { CancelOutput } from './cancel-output.ts'
export type { AnsweredResponse } from './output-calls.ts'
export type {
  AnswerItem,
  ExecutedOutput,
  ExecuteOutput,
  ExecuteOutputOptions,
} from './responses.ts'
export type { ApproveMcp, RunnerFunction } from './runner-function.ts'

// Confidence
export type { ConfidenceReader } from '@lelu/engine/adapter'
export type { SecondModel } from './second-opinion.ts'

// Errors
export { isLeluError, LeluError } from '@lelu/engine/adapter'
