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

// Reading
export { type FollowOptions, followRecords } from './read/follow.ts'
export { type ReadOptions, type ReadRecord, readRecords } from './read/read.ts'
export type { FoundRecord } from './read/scan.ts'
export type { ScanProgress } from './read/scan-log.ts'
export { type SearchFilter, type SearchOptions, searchRecords } from './read/search.ts'
export { findStory, type Story, type StoryOptions } from './read/story.ts'
export type { StoryRecord } from './read/story-order.ts'
export type { CallSummary } from './read/story-calls.ts'

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
