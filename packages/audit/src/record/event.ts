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
/** The `kind` of an event that a caller may append. */
export type AuditEventKind = (typeof eventKinds)[number]

/** Who calls, or on whose behalf: the id and the type (`agent`, `user`, `service`) that the host gave. */
export type AuditParty = { id: string; type: string }
/** The tool of a call. `server` is that of an MCP tool, else null; `effect` is read, idempotent or non_idempotent. */
export type AuditTool = { name: string; server: string | null; effect: string }
/** Why it was answered so: the id of a rule or a code of the engine, and a sentence. */
export type AuditReason = { id: string; message: string }
/** The person who decided, from authentication: `method` is how, `issuer` who vouches for the id. */
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

/**
 * `status` is completed, failed, unknown, or `not_run`: it was allowed, and its framework then did not run it. Results and
 * messages appear as digests only.
 */
export type AuditResult = {
  status: string
  digest: string | null
  duration_ms: number | null
  error_code?: string
}

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

/** What became of an approval, one event a step. `vote` is approve or deny; `state` is the one it is in afterwards. */
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

/** A token that was minted, redeemed or revoked. `key` is the id of the signing key, `expires` RFC 3339, `scope` what a revocation covers. */
export type TokenEvent = Common & {
  kind: 'token.minted' | 'token.redeemed' | 'token.revoked'
  key?: string
  expires?: string
  scope?: string
  reviewer?: AuditReviewer | null
  reason?: string | null
}

/** A standing grant that was created, used for a call, or revoked. `expires` is RFC 3339. */
export type GrantEvent = Common & {
  kind: 'grant.created' | 'grant.used' | 'grant.revoked'
  reviewer?: AuditReviewer | null
  reason?: string | null
  expires?: string
}

/** The kill switch. `scope` says of what: one agent, or everything. */
export type SwitchEvent = Common & {
  kind: 'switch.stopped' | 'switch.started'
  scope: string
  reviewer?: AuditReviewer | null
  reason?: string | null
}

/** What came of a call that was allowed. */
export type OutcomeEvent = Common & { kind: 'outcome'; result: AuditResult }

/** Which policy decides from here on. `revision` is `sha256:…` of its sources, data and compiler. */
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

/** An event with the members that are known. */
export type KnownEvent =
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
