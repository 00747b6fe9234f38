// Guarding function tools of agents
export { guardAgentTool, guardAgentTools } from './guard-tool.ts'
export type { AgentGuardOptions, GuardedCall } from './options.ts'

// Resuming what waits for a person, and ending what no longer does
export { type PendingCall, pendingApprovals, type Suspended } from './pending.ts'
export type { RestoreOptions } from './restore-run.ts'
export { cancelAbandoned, resumeRun } from './resume-run.ts'

// Confidence
export type { ConfidenceReader } from '@lelu/engine/adapter'

// Errors
export { isLeluError, LeluError } from '@lelu/engine/adapter'
