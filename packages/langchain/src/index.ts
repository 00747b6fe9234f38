// Guarding tool calls
export { guardTool, guardTools } from './guard-tool.ts'
export { markCutOff } from './cut-off.ts'
export { type LeluMiddleware, leluMiddleware } from './middleware.ts'
export type { GuardedCall, GuardOptions, MiddlewareOptions } from './options.ts'

// Resuming what waits for a person, and ending what no longer does
export { type AskingNode, cancelAbandoned } from './abandoned.ts'
export { type PendingCall, pendingApprovals, type ResumeOptions, resume } from './pending.ts'
export type { SuspendedCalls } from './suspension.ts'

// Errors
export { isLeluError, LeluError } from '@lelu/engine/adapter'
export type { ConfidenceReader } from '@lelu/engine/adapter'
