import type { ConfidenceSignal } from '@lelu/confidence'
import type { PolicyIssue } from '@lelu/rego'

/** Anything JSON can carry. Tool inputs are JSON only, so that they can be hashed and signed. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** Who asks, and for whom (AuthZEN `subject`, RFC 8693 `act`). */
export type Subject = {
  id: string
  type: 'agent' | 'user' | 'service'
  actingFor?: Subject
  properties?: Record<string, Json>
}

/** What a tool does to the world. Unknown means `non_idempotent`, the strictest. */
export type ToolEffect = 'read' | 'idempotent' | 'non_idempotent'

/** One tool call the model asked for. `id` is the framework's own call id. */
export type ToolCall = {
  id: string
  tool: string
  input: Json
  /** Default `non_idempotent`: never repeated after a crash. */
  effect?: ToolEffect
  /** Where the tool is from, if anywhere: the MCP server, or the namespace of the Agents SDK. Tools of two may share a name. */
  server?: string
  /** The tool's JSON Schema. Without it a reviewer cannot edit the input, for nothing could check the edit. */
  schema?: Json
}

/** The question a PEP (adapter) puts to the PDP (engine). */
export type DecisionRequest = {
  subject: Subject
  call: ToolCall
  confidence?: ConfidenceSignal
  resource?: { type: string; id: string; properties?: Record<string, Json> }
  /** Default `default`. */
  tenant?: string
  /** The run the call belongs to. With `call.id` it names the call: asking again finds the same approval. */
  run?: string
  context?: Record<string, Json>
}

/**
 * The answer of a policy. The most restrictive rule that is true decides: `deny`, then `require_approval`, then
 * `allow`; none is `deny`.
 */
export type Effect = 'allow' | 'require_approval' | 'deny'

/** Why. `id` is for programs and auditors, `message` for the model and the reviewer. */
export type Reason = { id: string; message: string }

/** What the PEP must do for the decision to hold. One it does not know means deny. */
export type Obligation = { type: string; [parameter: string]: Json }

/** One `require_approval` answer: `quorum` distinct reviewers (of `reviewers`, if named) must approve. */
export type Requirement = {
  id: string
  quorum: number
  /** Reviewer ids that count, or null where none are named: then those of `groups`, or any eligible reviewer. */
  reviewers: string[] | null
  /** Groups whose members count, beside the reviewers that are named. */
  groups?: string[]
  /** Whether one deny ends the call (the default). If not, as many denies as approvals would be needed do. */
  veto?: boolean
  /**
   * Whether a reviewer may allow such calls for a while: those with the same input (the default), those that are the same
   * in these fields (JSON Pointers), or false: never.
   */
  standing?: boolean | string[]
  /** Milliseconds between reminders while nobody has decided. The shortest of all requirements counts. */
  remindEveryMs?: number
  /** Who may review as well when nobody has decided in time, the earliest step first. */
  escalation?: EscalationStep[]
  /** Milliseconds until the approval expires, or null for the engine's default. */
  expiresInMs: number | null
}

/** From `afterMs` on (milliseconds after the suspension) the votes of these people count as well. */
export type EscalationStep = { afterMs: number; reviewers?: string[]; groups?: string[] }

/** What the policy says of one call, and where that is on record. */
export type Decision = {
  /** UUIDv7. */
  id: string
  effect: Effect
  reasons: Reason[]
  /** What the policy saw: a number in [0, 1], 0 when there was no valid signal. */
  confidence: number
  policy: { revision: string }
  obligations: Obligation[]
  /** The receipt of its durable record: `leaf` is the RFC 6962 leaf hash, base64. Whoever holds it can prove that the record is gone. */
  audit: { stream: string; seq: number; leaf: string }
}

/** The Rego input, architecture contract: the same words in every policy. */
export type RegoInput = {
  action: string
  confidence: number
  args: Json
  tool: { name: string; server: string | null; effect: ToolEffect }
  agent: { id: string; type: string; properties: Record<string, Json> }
  acting_for: { id: string; type: string } | null
  resource: { type: string; id: string; properties: Record<string, Json> } | null
  tenant: string
  run: string | null
  context: Record<string, Json>
  /** ISO 8601 with milliseconds, UTC. */
  time: string
  signal: {
    method: string
    trust: string
    status: 'ok' | 'missing' | 'invalid'
    score: number | null
    model: string | null
    samples: number | null
  }
}

/** What one evaluation answers. A failure inside is already a deny with a reason of its own. */
export type PolicyAnswer = {
  effect: Effect
  reasons: Reason[]
  obligations: Obligation[]
  /** Empty unless `effect` is `require_approval`. All must be met. */
  requirements: Requirement[]
}

/** A loaded policy. `loadPolicy` makes one from Rego; tests may make one from a function. */
export interface Policy {
  readonly revision: string
  /** What the compiler had to say, such as that a file is Rego v0. */
  readonly warnings?: readonly PolicyIssue[]
  /** Synchronous, never throws: a failure is a deny. */
  evaluate(input: RegoInput): PolicyAnswer
  /**
   * Of each input, whether such a call is denied whatever its `args`, `confidence`, `signal`, `time`, `run`, `resource`
   * and `context` are; what stands there is not looked at. True is a proof, false may mean that it could not be told.
   * Never rejects. Optional: a policy without it never says so.
   */
  surelyDenies?(inputs: readonly RegoInput[]): Promise<boolean[]>
}
