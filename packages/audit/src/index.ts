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
