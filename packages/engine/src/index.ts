// The engine
export { createLelu, type Lelu } from './lelu.ts'
export type { LeluOptions, StorageOptions } from './options.ts'
export { openReviewDesk, type ReviewDesk, type ReviewDeskOptions } from './desk.ts'
export type { GuardHooks } from './execution/guard.ts'
export type { Execute, Outcome, ToolRun } from './execution/outcome.ts'
export type { Caller } from './execution/redeem.ts'
export { refusal } from './refusal.ts'

// The words of a request and a decision
export type { ConfidenceSignal } from '@lelu/confidence'
export type {
  Decision,
  DecisionRequest,
  Effect,
  EscalationStep,
  Json,
  Obligation,
  Policy,
  PolicyAnswer,
  Reason,
  RegoInput,
  Requirement,
  Subject,
  ToolCall,
  ToolEffect,
} from './types.ts'
export type { GateLimits } from './request/gate.ts'
export { parseRequest } from './request/parse-request.ts'

// Policies
export {
  type LoadedPolicy,
  loadPolicy,
  type LoadPolicyOptions,
} from './policy/load-policy.ts'
export { type PolicyReasonId, policyReasons } from './policy/reasons.ts'
export { type PolicySource, readPolicyFolder, type ReadPolicyOptions } from './policy/sources.ts'
export { regoInput } from './policy/to-input.ts'
export type { PolicyIssue, PolicyModule } from '@lelu/rego'

// Approvals
export type { ApprovalFilter, ApprovalPage, Approvals } from './approvals/approvals.ts'
export type { TenantScope } from './approvals/caller-tenant.ts'
export type { Review } from './approvals/vote.ts'
export type { InputChange } from './approvals/input-changes.ts'
export type { Reconciliation } from './approvals/reconcile.ts'
export type { Notice, NoticeKind } from './approvals/notice.ts'
export type {
  Approval,
  ApprovalResult,
  Attempt,
  Edit,
  FailedResult,
  Grant,
  Reviewer,
  Vote,
} from './approvals/record.ts'
export { isSamePerson } from './approvals/reviewer.ts'
export { type ApprovalState, approvalStates, isApprovalState } from './approvals/state.ts'

// Tokens and keys
export type { ActorClaim, ApprovalClaims, CallDetail } from './tokens/claims.ts'
export { rotateKeys } from './tokens/key-files.ts'
export {
  type KeyRing,
  type KeyRingData,
  newKeyRing,
  type SealKey,
  type SigningKey,
} from './tokens/key-ring.ts'
export type { MintedToken } from './tokens/mint.ts'
export { type TokenRefusal, tokenRefusals } from './tokens/refusal.ts'
export type { RevocationScope } from './tokens/revocations.ts'
export type { Introspection, RevokeTarget, Tokens } from './tokens/tokens.ts'
export type { JWK } from 'jose'

// The kill switch
export type { KillSwitch, StopOptions, StopScope } from './execution/kill-switch.ts'

// The audit log, and what is recorded of inputs. All of it is in @lelu/audit.
export type {
  AuditEvent,
  AuditLog,
  AuditReceipt,
  AuditSink,
  Durability,
  Erased,
  Revealed,
} from '@lelu/audit'
export type { AuditInputOptions } from './recorded/audit-input-options.ts'
export type { EraseOptions, RecordedInputs } from './recorded/recorded-inputs.ts'

// Standing grants
export type { StandingGrant, StandingMatch } from './standing/standing-grant.ts'
export type { GrantTerms, StandingGrants } from './standing/standing-grants.ts'
export type { GrantPage } from './standing/standing-records.ts'

// Notifications
export type { Notification } from './notify/notification.ts'
export type { Notifications } from './notify/notifications.ts'
export type { Delivery } from './notify/notifier.ts'
export type { Begun } from './notify/notify-loop.ts'
export type { NotifyOptions, NotifyTarget } from './notify/notify-options.ts'
export type { Undelivered, UndeliveredPage } from './notify/undelivered.ts'
export {
  verifyWebhook,
  type VerifyWebhookOptions,
  type WebhookHeaders,
} from './notify/verify-webhook.ts'

// Stores
export { defaultStoreDeadlineMs } from './store/deadline.ts'
export type { SqliteStoreOptions } from './store/sqlite-options.ts'
export { type FromKeyvOptions, fromKeyv, type KeyvLike } from './store/from-keyv.ts'
export { type SqliteKeyvStore, sqliteStore } from './store/sqlite-keyv.ts'
export type { Answer } from './answer.ts'
export type {
  ApprovalStore,
  AuditedMark,
  FoundCall,
  ListQuery,
  Marks,
  StoredRow,
  StoredState,
  Swapped,
  SwapWindow,
} from './store/store.ts'

// Errors
export { type CodedError, isLeluError, LeluError, type LeluErrorCode } from './errors.ts'
