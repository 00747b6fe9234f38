// Guarding tool calls

// Errors
export { LeluLangChainError, type LeluLangChainErrorCode } from './errors.ts'
export { guardTool } from './guard-tool.ts'
export { leluMiddleware } from './middleware.ts'
export type {
  ConfidenceReader,
  GuardedCall,
  GuardOptions,
  MiddlewareOptions,
  PerCall,
} from './options.ts'
// Resuming what waits for a person
export { type PendingApproval, pendingApprovals, type ResumeOptions, resume } from './pending.ts'
export type { SuspendedCall } from './suspension.ts'
