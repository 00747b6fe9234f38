// Canonical JSON, and errors
export { canonicalJson } from './canonical-json.ts'
// Verifying
export { describeReport } from './describe-report.ts'
export { AuditError, type AuditErrorCode } from './errors.ts'
// Reading
export { type FollowOptions, followRecords } from './follow.ts'
// Writing
export { type AuditLog, openAuditLog } from './log.ts'
export type { AuditLogOptions } from './log-options.ts'
export type { AppendOptions } from './stream-writer.ts'
export { type ReadOptions, type ReadRecord, readRecords } from './read.ts'
// Records
export type {
  ApprovalEvent,
  AuditEnvelope,
  AuditEvent,
  AuditEventKind,
  AuditKind,
  AuditParty,
  AuditPeer,
  AuditReason,
  AuditReceipt,
  AuditRecord,
  AuditRefs,
  AuditResult,
  AuditReviewer,
  AuditSignal,
  AuditTool,
  CloseRecord,
  DecisionEvent,
  GenesisRecord,
  GrantEvent,
  Json,
  OutcomeEvent,
  PolicyLoadedEvent,
  RecoveryRecord,
  SwitchEvent,
  TokenEvent,
} from './record.ts'
export type {
  AuditReport,
  Problem,
  ProblemCode,
  StreamReport,
  Unfinished,
} from './report.ts'
export { verifyLog } from './verify.ts'
