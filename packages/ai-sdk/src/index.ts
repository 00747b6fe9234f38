// Guarding tool calls
export { type AiGuard, createAiGuard } from './create-ai-guard.ts'
export type { AbandonedContext, AiGuardOptions, GuardedCall, RunContext } from './options.ts'
export type { ApprovalStatus } from './decide-call.ts'
export type { ApprovalQuestion, ToolApproval } from './tool-approval.ts'

// Resuming what waits for a person
export type { PendingCall, Settled } from './settle.ts'

// Policies of @ai-sdk/policy-opa
export { opaPolicies } from './opa-policies.ts'
export type { PolicyClient, PolicyClientOptions, PolicyResult } from './policy-client.ts'

// Errors
export { isLeluError, LeluError } from '@lelu/engine/adapter'
export type { ConfidenceReader } from '@lelu/engine/adapter'
