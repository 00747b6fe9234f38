// Errors, and the text that is hashed
export { AuditError, type AuditErrorCode } from './errors.ts'
export { canonicalJson } from './record/canonical-json.ts'
export { jsonText } from './record/json-bytes.ts'

// Writing
export type { AuditLog } from './write/audit-log.ts'
export { openAuditLog } from './write/log.ts'
export type { AuditLogOptions } from './write/log-options.ts'
export type { Sealed } from './write/sealer.ts'
export type { AppendOptions } from './write/append-options.ts'

// Signing keys
export { type KeyRotation, rotateSigningKey } from './sign/signing-keys.ts'

// Archiving
export { type DirectorySinkOptions, directorySink } from './sink/directory-sink.ts'
export { type ArchiveKey, parseArchiveKey } from './sink/layout.ts'
export { openArchive } from './sink/archive-url.ts'
export type { Backlog } from './sink/shipper.ts'
export type {
  AuditSink,
  LockMode,
  PutResult,
  Retention,
  SinkCheck,
  SinkFinding,
  SinkObject,
} from './sink/sink.ts'

// Inputs
export { type ClearPaths, clearPaths } from './inputs/clear-paths.ts'
export {
  commitInput,
  type CommitOptions,
  type Committed,
  commitment,
  type Opening,
} from './inputs/commit.ts'
export { openingHolds } from './inputs/opening-holds.ts'
export { newSalt } from './inputs/salt.ts'
export {
  type DataSubject,
  type Erased,
  type Openings,
  type OpeningsOptions,
  openOpenings,
  type Revealed,
} from './inputs/openings.ts'
export type { OpeningsStore } from './inputs/openings-store.ts'
export { type Erasure, eraseSubject } from './inputs/erase-subject.ts'

// Exporting
export type { Oddity, Until } from './export/batches.ts'
export type { ExportedRecord } from './export/exported.ts'
export {
  type ForwardEvent,
  type ForwardOptions,
  type ForwardReport,
  forwardRecords,
} from './export/forward.ts'
export type { Unsealed } from './export/sealed.ts'
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

// Reading
export { type FollowOptions, followRecords } from './read/follow.ts'
export { type ReadOptions, type ReadRecord, readRecords } from './read/read.ts'
export type { FoundRecord } from './read/scan.ts'
export type { ScanProgress } from './read/scan-log.ts'
export { type SearchFilter, type SearchOptions, searchRecords } from './read/search.ts'
export { findStory, type Story, type StoryOptions } from './read/story.ts'
export type { StoryRecord } from './read/story-order.ts'
export type { CallSummary } from './read/story-calls.ts'

// Places that a log is read from
export { archiveSource } from './read/archive-source.ts'
export { folderSource } from './read/folder-source.ts'
export { openSource } from './read/open-source.ts'
export type {
  Anomaly,
  LogSource,
  ReadAt,
  SourceSegment,
  StoredAnnouncement,
  StoredCheckpoint,
  StoredKey,
  StreamRef,
} from './read/source.ts'

// Verifying
export { describeReport } from './verify/describe-report.ts'
export type { Immutability } from './verify/immutable.ts'
export { type MadeProof, makeProof } from './verify/make-proof.ts'
export type { VerifyOptions } from './verify/options.ts'
export { type ProofReport, verifyRecordProof } from './verify/verify-proof.ts'
export type {
  AuditReport,
  CoveredBy,
  Problem,
  ProblemCode,
  StreamReport,
  Unfinished,
} from './verify/report.ts'
export { verifyLog } from './verify/verify.ts'

// Evidence
export { type EvidenceOptions, exportEvidence } from './evidence/evidence-pack.ts'
export type { EvidencePack } from './evidence/pack-readme.ts'

// Records
export type {
  ApprovalEvent,
  AuditEvent,
  AuditEventKind,
  AuditParty,
  AuditReason,
  AuditRefs,
  AuditResult,
  AuditReviewer,
  AuditSignal,
  AuditTool,
  ConfigEvent,
  DecisionEvent,
  ErasureEvent,
  GrantEvent,
  Json,
  OutcomeEvent,
  PolicyLoadedEvent,
  Shown,
  SwitchEvent,
  TokenEvent,
} from './record/event.ts'
export type {
  AuditEnvelope,
  AuditKind,
  AuditPeer,
  AuditReceipt,
  AuditRecord,
  CloseRecord,
  Durability,
  GenesisRecord,
  PulseRecord,
  RecoveryCause,
  RecoveryRecord,
  RoomRecord,
  SealedPeer,
} from './record/record.ts'
