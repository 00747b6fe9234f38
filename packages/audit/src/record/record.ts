/** Anything JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** What callers may append. The other kinds are the log's own. */
export const eventKinds = [
  'decision',
  'approval.requested',
  'approval.decided',
  'approval.cancelled',
  'approval.expired',
  'approval.escalated',
  'approval.reconciled',
  'token.minted',
  'token.redeemed',
  'token.revoked',
  'grant.created',
  'grant.used',
  'grant.revoked',
  'switch.stopped',
  'switch.started',
  'outcome',
  'policy.loaded',
  'config.weakened',
  'erasure',
] as const
export type AuditEventKind = (typeof eventKinds)[number]
export type AuditKind =
  | AuditEventKind
  | 'genesis'
  | 'peers'
  | 'heartbeat'
  | 'backlog'
  | 'full'
  | 'resumed'
  | 'recovery'
  | 'close'

export type AuditParty = { id: string; type: string }
export type AuditTool = { name: string; server: string | null; effect: string }
export type AuditReason = { id: string; message: string }
export type AuditReviewer = { id: string; issuer: string; method: string }

/** What a record is about: ids of other records' subjects. `event` numbers the events of one approval. */
export type AuditRefs = {
  decision?: string
  redecision?: string
  approval?: string
  jti?: string
  attempt?: string
  grant?: string
  event?: number
}

/** How sure the model was, and where the number comes from; `value` null means unknown. */
export type AuditSignal = {
  method: string
  trust: string
  status: string
  value: number | null
  score: number | null
  model: string | null
  samples: number | null
}

/** `status` is completed, failed or unknown; results and messages appear as digests only. */
export type AuditResult = {
  status: string
  digest: string | null
  duration_ms: number | null
  error_code?: string
}

type Details = { [member: string]: Json }

/** A value as it is recorded: in clear, or `{"$c": …}`, a salted commitment, in place of whatever is not shown. */
export type Shown = Json

/** What every event may say. `input_digest` is a salted commitment to the digest of the call. `id` and `tenant` are filled in when they are missing (a ULID, `default`). */
type Common = {
  id?: string
  tenant?: string
  agent?: AuditParty
  acting_for?: AuditParty | null
  tool?: AuditTool
  run?: string | null
  call?: string
  input_digest?: string
  refs?: AuditRefs
}

/**
 * One policy answer. `confidence`, `signal` and what is shown of the input are the only places for numbers that are no
 * integers. `data_subject` is the keyed hash of the person the openings are kept for (`openOpenings`).
 */
export type DecisionEvent = Common & {
  kind: 'decision'
  confidence?: number | null
  signal?: AuditSignal
  input?: Shown
  resource?: { type: string; id: string; properties: Shown } | null
  context?: Shown
  data_subject?: string
  decision: 'allow' | 'require_approval' | 'deny'
  reasons: AuditReason[]
  policy: { revision: string }
  latency_us?: number
  mode?: string
}

export type ApprovalEvent = Common & {
  kind:
    | 'approval.requested'
    | 'approval.decided'
    | 'approval.cancelled'
    | 'approval.expired'
    | 'approval.escalated'
    | 'approval.reconciled'
  reviewer?: AuditReviewer | null
  vote?: string
  reason?: string | null
  reasons?: AuditReason[]
  state?: string
  edited?: boolean
  /** With `edited`: what the reviewer was shown and has changed, as `input_digest` has it. */
  edited_from?: string | null
}

export type TokenEvent = Common & {
  kind: 'token.minted' | 'token.redeemed' | 'token.revoked'
  key?: string
  expires?: string
  scope?: string
  reviewer?: AuditReviewer | null
  reason?: string | null
}

export type GrantEvent = Common & {
  kind: 'grant.created' | 'grant.used' | 'grant.revoked'
  reviewer?: AuditReviewer | null
  reason?: string | null
  expires?: string
}

export type SwitchEvent = Common & {
  kind: 'switch.stopped' | 'switch.started'
  scope: string
  reviewer?: AuditReviewer | null
  reason?: string | null
}

export type OutcomeEvent = Common & { kind: 'outcome'; result: AuditResult }

export type PolicyLoadedEvent = Common & { kind: 'policy.loaded'; policy: { revision: string } }

/** Settings that make the engine or its log weaker than it is by default, as words: `token_seconds=300`. */
export type ConfigEvent = Common & { kind: 'config.weakened'; weakened: string[] }

/**
 * Openings of one person that were erased: their keys are gone, so nothing that was committed for them can be shown any
 * more. `data_subject` as in the decisions; never the person's name.
 */
export type ErasureEvent = Common & {
  kind: 'erasure'
  data_subject: string
  reviewer: AuditReviewer | null
  reason: string
  /** RFC 3339 UTC: what was recorded up to then is erased. */
  erased: string
  keys: number
}

type KnownEvent =
  | DecisionEvent
  | ApprovalEvent
  | TokenEvent
  | GrantEvent
  | SwitchEvent
  | OutcomeEvent
  | PolicyLoadedEvent
  | ConfigEvent
  | ErasureEvent

/** What a caller appends. Further members are kept as they are; one that is undefined is left out. JSON data only. */
export type AuditEvent = KnownEvent & { [member: string]: unknown }

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

/** One stored line, parsed. Later versions may add members and kinds: what is unknown is kept. */
export type AuditRecord = AuditEnvelope &
  (KnownEvent | GenesisRecord | PulseRecord | RoomRecord | RecoveryRecord | CloseRecord) &
  Details

/** Where a record was put; `leaf` is the base64 RFC 6962 leaf hash of the stored line. */
export type AuditReceipt = { stream: string; seq: number; leaf: string }
