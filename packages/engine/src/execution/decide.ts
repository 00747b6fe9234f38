import type { AuditLog } from '@lelu/audit'
import { signalStatus } from '@lelu/confidence'
import { canBeMet } from '../approvals/review.ts'
import { callDigest } from '../digest.ts'
import { newId } from '../ids.ts'
import { denied } from '../policy/reasons.ts'
import { toInput } from '../policy/to-input.ts'
import { blinded, newBlind } from '../recorded/blind.ts'
import type { RecordInput } from '../recorded/record-input.ts'
import type { GatedRequest } from '../request/gate.ts'
import type { Marks } from '../store/store.ts'
import type {
  Decision,
  Effect,
  Json,
  Policy,
  PolicyAnswer,
  RegoInput,
  Requirement,
  Subject,
} from '../types.ts'
import type { StoppedCheck } from './kill-switch.ts'

export type DecideOptions = {
  policy: Policy
  audit: AuditLog
  now: () => number
  /** What the record shows of the request. */
  recordInput: RecordInput
  /** Whether the kill switch is set for anybody in the chain. */
  stopped: StoppedCheck
  /** How long reviewers have: nobody who is named later can approve. */
  approveWithinMs: number
}

/** A decision with what its carrying out needs: the digest that binds the input, and who must approve. */
export type Decided = {
  decision: Decision
  digest: string
  /** Blinds the digests of this call in the log. */
  blind: string
  requirements: Requirement[]
}

export function digestOf({ request, inputText }: GatedRequest): string {
  const { tool, server = null } = request.call
  return callDigest({ tenant: request.tenant, tool, server, inputText })
}

const effects: readonly string[] = ['allow', 'require_approval', 'deny']

/** A policy of the host's own may throw or answer a word nobody knows (vercel/ai #19978): both mean deny. */
function ask(
  { policy, approveWithinMs }: Pick<DecideOptions, 'policy' | 'approveWithinMs'>,
  input: RegoInput,
  subject: Subject,
): PolicyAnswer {
  try {
    const answer = policy.evaluate(input)
    if (!effects.includes(answer.effect)) return denied('policy_result_invalid')
    // Else the call would wait for a person who does not exist, until it expires.
    const waits = answer.effect === 'require_approval'
    return waits && !canBeMet(answer.requirements, subject, approveWithinMs)
      ? denied('no_eligible_reviewer')
      : answer
  } catch {
    return denied('policy_error')
  }
}

export type DecideMore = {
  /** Names the suspended call when an edit or a redeem asks again. */
  approval?: string
  /** The one of the call, when it has a record already. */
  blind?: string | undefined
  /** What the store has just said of who is stopped. Left out, it is asked. */
  stops?: Marks
  /** Told of the input when the policy allows it. */
  allowed?: (input: Json) => void
}

/** A policy's answer whose record is on its way to the disk. It must not be answered before `recorded`. */
export type Deciding = Omit<Decided, 'decision'> & {
  effect: Effect
  id: string
  /** The record is in the page cache: what is written to the log from now on comes behind it. */
  written: Promise<void>
  /** The record is on disk. */
  recorded: Promise<Decision>
}

/** Asks the policy, and begins to write the record of its answer. */
export async function beginDecision(
  gated: GatedRequest,
  options: DecideOptions,
  { approval, blind = newBlind(), stops, allowed }: DecideMore = {},
): Promise<Deciding> {
  const { policy, audit, now, stopped, recordInput } = options
  const started = performance.now()
  const time = now()
  const input = toInput(gated, time)
  const isStopped = await stopped.isStopped(gated.request.subject, stops)
  const answer = isStopped ? denied('stopped') : ask(options, input, gated.request.subject)
  const digest = digestOf(gated)
  const id = newId()
  const recording = recordInput(gated, blind, digest)
  const { subject, call, confidence, run } = gated.request
  const written = Promise.withResolvers<void>()
  const appended = audit.append(
    {
      kind: 'decision',
      id,
      tenant: gated.request.tenant,
      agent: { id: subject.id, type: subject.type },
      acting_for: input.acting_for,
      tool: input.tool,
      run: run ?? null,
      call: call.id,
      input_digest: blinded(blind, '/input_digest', digest),
      ...recording.members,
      confidence: input.confidence,
      signal: {
        ...input.signal,
        value: confidence?.value ?? null,
        status: signalStatus(confidence),
      },
      decision: answer.effect,
      reasons: answer.reasons,
      policy: { revision: policy.revision },
      refs: approval === undefined ? {} : { approval },
      latency_us: Math.round((performance.now() - started) * 1000),
    },
    { onWritten: written.resolve },
  )
  recording.keep(id)
  if (answer.effect === 'allow') allowed?.(call.input)
  const recorded = appended.then((receipt) => ({
    id,
    effect: answer.effect,
    reasons: answer.reasons,
    confidence: input.confidence,
    policy: { revision: policy.revision },
    obligations: answer.obligations,
    audit: { stream: receipt.stream, seq: receipt.seq, leaf: receipt.leaf },
  }))
  recorded.then(() => written.resolve(), written.reject)
  written.promise.catch(() => {}) // not everybody waits for it
  const { effect, requirements } = answer
  return { effect, id, digest, blind, requirements, written: written.promise, recorded }
}

/** Asks the policy and writes the record; the decision is not answered before its record is on disk. */
export async function decide(
  gated: GatedRequest,
  options: DecideOptions,
  more?: DecideMore,
): Promise<Decided> {
  const { recorded, digest, blind, requirements } = await beginDecision(gated, options, more)
  return { decision: await recorded, digest, blind, requirements }
}
