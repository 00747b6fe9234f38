import type { AuditEventKind, Json, KnownEvent } from './event.ts'

/** The last record of another stream that this one saw when it began: cutting or replacing that stream contradicts it. */
export type AuditPeer = { stream: string; seq: number; leaf: string }

/** When a record counts as written: after fdatasync, when the archive holds it, or in the kernel's page cache. */
export type Durability = 'fsync' | 'remote' | 'async'

/** The first record of a stream. `sink`: what the archive really does, as tried when the log was opened. */
export type GenesisRecord = {
  kind: 'genesis'
  durability: Durability
  peers: AuditPeer[]
  sink: Json
}

/** The newest checkpoint of another stream: `root` is its RFC 6962 root, base64. */
export type SealedPeer = { stream: string; size: number; root: string }

/** What a quiet log says by itself: how far other streams have come, and that its process is alive. */
export type PulseRecord = { kind: 'peers'; peers: SealedPeer[] } | { kind: 'heartbeat' }

/**
 * What a log says of its own room. `backlog`: so many bytes wait for the archive, of `limit`. `full`: the disk is full,
 * and nothing else is recorded until `resumed`, `refused` appends later.
 */
export type RoomRecord =
  | {
      kind: 'backlog'
      sink: string
      bytes: number
      limit: number
      age_ms: number
      state: 'high' | 'over' | 'drained'
    }
  | { kind: 'full'; error_code: string }
  | { kind: 'resumed'; refused: number }

/** Why a stream was not closed by its process: it died, it gave no sign of life for a quarter of an hour, its disk failed, somebody altered it, or the archive holds something else in its place. */
export type RecoveryCause = 'owner_dead' | 'owner_silent' | 'write_failed' | 'altered' | 'conflict'

/**
 * The end of another stream, whose process died or whose disk failed: its last record, null when it has none. The
 * `cut_*` members describe the unfinished bytes that were moved to `quarantine` (a path within the log folder).
 */
export type RecoveryRecord = {
  kind: 'recovery'
  of: string
  cause: RecoveryCause
  /** Its last checkpoint, which covers every record; null when none could be signed. */
  tree: { size: number; root: string } | null
  last_seq: number | null
  last_leaf: string | null
  cut_bytes: number
  cut_sha256: string | null
  quarantine: string | null
}

/** The last record of a stream that ended in order. */
export type CloseRecord = { kind: 'close'; reason: 'closed' }

/** What the log adds to each event. Leaf and `prev` are base64 SHA-256 (RFC 6962 leaf hash); `ts` is RFC 3339 UTC with ms. */
export type AuditEnvelope = {
  v: 1
  log: string
  stream: string
  /** From 0, without gaps. */
  seq: number
  /** The leaf hash of the record before it, base64. */
  prev: string
  /** Data, not order: `seq` is the order. */
  ts: string
  /** Microseconds of the monotonic clock of `boot`. */
  mono_us: number
  boot: string
  id: string
  tenant: string
  /** First 22 characters of the base64url SHA-256 of the line without this member: finds damage in the last line too. */
  '~sum': string
}

/** What the log itself records; callers cannot. */
export type LogRecord = GenesisRecord | PulseRecord | RoomRecord | RecoveryRecord | CloseRecord

/** The `kind` of a stored record: an event, or what the log says of itself. */
export type AuditKind = AuditEventKind | LogRecord['kind']

/** One stored line, parsed. Later versions may add members and kinds: what is unknown is kept. */
export type AuditRecord = AuditEnvelope & (KnownEvent | LogRecord) & { [member: string]: Json }

/** Where a record was put; `leaf` is the base64 RFC 6962 leaf hash of the stored line. */
export type AuditReceipt = { stream: string; seq: number; leaf: string }
