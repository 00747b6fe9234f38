// Canonical JSON, and errors
export { canonicalJson } from './record/canonical-json.ts'
// Exporting
export type { Oddity, Until } from './export/batches.ts'
export type { ExportedRecord } from './export/exported.ts'
export {
  type ForwardEvent,
  type ForwardOptions,
  type ForwardReport,
  forwardRecords,
} from './export/forward.ts'
export { type OcsfEvent, ocsfVersion, toOcsf } from './export/ocsf.ts'
export {
  type OtlpLogRecord,
  type OtlpLogsRequest,
  toOtelLog,
  toOtlpLogs,
} from './export/otel-log.ts'
export { ocsfFileTarget, ocsfHttpTarget, ocsfLinesTarget } from './export/ocsf-target.ts'
export { otlpTarget } from './export/otlp-target.ts'
export type { OtlpAttribute, OtlpValue } from './export/otlp-value.ts'
export type { PostOptions } from './export/post.ts'
export type { ForwardTarget, SendResult } from './export/target.ts'
// Verifying
export { describeReport } from './verify/describe-report.ts'
export { AuditError, type AuditErrorCode } from './errors.ts'
// Reading
export { type FollowOptions, followRecords } from './read/follow.ts'
// Writing
export { type AuditLog, openAuditLog } from './write/log.ts'
export type { AuditLogOptions } from './write/log-options.ts'
export type { AppendOptions } from './write/stream-writer.ts'
export { type ReadOptions, type ReadRecord, readRecords } from './read/read.ts'
export type { FoundRecord } from './read/scan.ts'
export type { ScanProgress } from './read/scan-log.ts'
export { type SearchFilter, type SearchOptions, searchRecords } from './read/search.ts'
export { findStory, type Story, type StoryOptions, type StoryRecord } from './read/story.ts'
export type { CallSummary } from './read/story-calls.ts'
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
} from './record/record.ts'
export type {
  AuditReport,
  Problem,
  ProblemCode,
  StreamReport,
  Unfinished,
} from './verify/report.ts'
export { verifyLog } from './verify/verify.ts'
