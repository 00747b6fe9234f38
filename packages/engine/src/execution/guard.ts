import { type AuditEvent, type AuditLog, canonicalJson } from '@lelu/audit'
import type { ConfidenceSignal } from '@lelu/confidence'
import { type Answer, isPending } from '../answer.ts'
import type { ApprovalsPart } from '../approvals/approvals.ts'
import { outcomeResult } from '../approvals/events.ts'
import { type ApprovalRecord, keyOf, toApproval } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { chainOf } from '../chain.ts'
import { jsonDigest } from '../digest.ts'
import { LeluError } from '../errors.ts'
import { denied } from '../policy/reasons.ts'
import type { GatedRequest } from '../request/gate.ts'
import type { Decision, DecisionRequest, Json, Subject, ToolCall } from '../types.ts'
import { type Decided, type DecideMore, digestOf } from './decide.ts'
import { isFresh, type StoppedCheck } from './kill-switch.ts'
import { asJson, type Execute, endOf, type Outcome } from './outcome.ts'

/** What a caller of `guard` may want to hear on the way. */
export type GuardHooks = {
  /**
   * Reads the confidence, for a request without one. Not asked for a call that is on record already: a reader may
   * cost money, and the one on record stands. Undefined means that there is none.
   */
  confidence?: () => Answer<ConfidenceSignal | undefined>
  /**
   * Told of the input as soon as the policy allows the call, before the record is on disk: a time to prepare, never
   * to act. The call may still end in an error, or be stopped, and then does not run.
   */
  allowed?: (input: Json) => void
}

export type GuardOptions = GuardHooks & {
  audit: AuditLog
  records: Records
  stopped: StoppedCheck
  approvals: ApprovalsPart
  decide: (gated: GatedRequest, more?: DecideMore) => Promise<Decided>
  withConfidence: (gated: GatedRequest, confidence: ConfidenceSignal) => GatedRequest
  /** The decision of a call that a standing grant allows. */
  useGrant: (gated: GatedRequest, decided: Decided) => Promise<Decision | undefined>
  /** Goes on with a record that was just loaded. */
  resume: <T>(
    record: ApprovalRecord,
    execute: Execute<T>,
    asked: GatedRequest,
  ) => Promise<Outcome<T>>
}

/** Decides, then runs, suspends or refuses. A call that is suspended already goes on from where it stands. */
export async function guard<T>(
  asked: GatedRequest,
  execute: Execute<T>,
  options: GuardOptions,
): Promise<Outcome<T>> {
  const { records, stopped, approvals, decide, resume, allowed } = options
  const { tenant, subject } = asked.request
  const askedAt = Date.now()
  const known = keyOf(asked.request)
  const found =
    known === null ? undefined : await records.findByCall(tenant, known, stopped.marksOf(subject))
  if (found?.record !== undefined) return goOn(found.record)

  const { gated, waited } = await complete(asked, options)
  const decided = await decide(gated, {
    ...(allowed && { allowed }),
    // While a reader took its time, somebody may have been stopped.
    ...(found && !waited && { stops: found.marks }),
  })
  const { decision, digest, blind, requirements } = decided
  const isStopped = async () => !isFresh(askedAt, Date.now()) && stopped.isStopped(subject)
  const run = (allowed: Decision) =>
    runAllowed(gated, { decision: allowed, blind, isStopped }, execute, options.audit)
  if (decision.effect === 'allow') return run(decision)
  if (decision.effect !== 'require_approval') return { status: 'denied', decision }
  const granted = await options.useGrant(gated, decided)
  if (granted !== undefined) return run(granted)
  const { created, record } = await approvals.request({
    request: gated.request,
    digest,
    blind,
    decision,
    requirements,
  })
  return created ? { status: 'suspended', approval: toApproval(record), decision } : goOn(record)

  /** The same run and call id must be the same call: else an approval for one input would answer for another. */
  function goOn(record: ApprovalRecord): Promise<Outcome<T>> {
    const original = record.edits[0]?.from ?? record.digest
    if (original === digestOf(asked) && isSameCall(record.request, asked.request))
      return resume(record, execute, asked)
    throw new LeluError(
      'LELU_APPROVAL_CONFLICT',
      `Call ${asked.request.call.id} of this run is on record already, with another tool, schema, input, effect, resource, agent or person.`,
      {
        help: 'Give every tool call of a run an id of its own.',
        details: { approval: record.id, state: record.state },
      },
    )
  }
}

/** The request with the confidence that its hook reads. `waited`: others could do something meanwhile. */
async function complete(
  gated: GatedRequest,
  { confidence, withConfidence }: GuardOptions,
): Promise<{ gated: GatedRequest; waited: boolean }> {
  if (confidence === undefined || gated.request.confidence !== undefined) {
    return { gated, waited: false }
  }
  const reading = confidence()
  const signal = await reading
  return {
    gated: signal === undefined ? gated : withConfidence(gated, signal),
    waited: isPending(reading),
  }
}

/**
 * Whether what was approved is what is asked for now. A tool whose schema changed is another tool, as what was approved may
 * mean something else to it; and a yes to what is done for one person, or to one resource, is none for another. What the
 * agent knew (confidence, context) may differ: it is decided on anew.
 */
function isSameCall(approved: DecisionRequest, asked: DecisionRequest): boolean {
  if (approved.call.tool !== asked.call.tool || !sameJson(approved.call.schema, asked.call.schema))
    return false
  const { effect = 'non_idempotent' } = approved.call
  return (
    effect === (asked.call.effect ?? 'non_idempotent') &&
    approved.resource?.type === asked.resource?.type &&
    approved.resource?.id === asked.resource?.id &&
    sameJson(namesIn(approved.subject), namesIn(asked.subject))
  )
}

const namesIn = (subject: Subject): Json => chainOf(subject).map(({ id, type }) => [type, id])

function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return canonicalJson(a) === canonicalJson(b)
}

type Allowed = Pick<Decided, 'decision' | 'blind'> & {
  /** Whether the kill switch was set while this process stood still. */
  isStopped: () => Promise<boolean>
}

async function runAllowed<T>(
  { request }: GatedRequest,
  { decision, blind, isStopped }: Allowed,
  execute: Execute<T>,
  audit: AuditLog,
): Promise<Outcome<T>> {
  const started = performance.now()
  const record = async (result: ReturnType<typeof outcomeResult>) => {
    const event: AuditEvent = {
      kind: 'outcome',
      tenant: request.tenant,
      agent: { id: request.subject.id, type: request.subject.type },
      tool: {
        name: request.call.tool,
        server: request.call.server ?? null,
        effect: request.call.effect,
      },
      run: request.run ?? null,
      call: request.call.id,
      refs: { decision: decision.id },
      result: { ...result, duration_ms: Math.round(performance.now() - started) },
    }
    // The tool has run: its answer must reach the caller, and does not wait for the disk a second time. A power cut
    // right now leaves a decision without an outcome, which verify reports. A failed log refuses further decisions.
    await audit.append(event, { until: 'written' }).catch((error: unknown) =>
      process.emitWarning(
        `The call of decision ${decision.id} ended, but its outcome could not be recorded: ${String(error)}`,
        {
          code: 'LELU_OUTCOME_UNRECORDED',
        },
      ),
    )
  }
  if (await isStopped()) {
    const { reasons } = denied('stopped')
    await record({ status: 'not_run', digest: null })
    return { status: 'denied', decision: { ...decision, effect: 'deny', reasons } }
  }
  let value: T
  try {
    value = await execute(request.call as ToolCall, {
      decision,
      approval: null,
      idempotencyKey: decision.id,
    })
  } catch (error) {
    await record(outcomeResult(endOf(error), blind))
    throw error
  }
  const digest = digestOfResult(value)
  await record(outcomeResult({ status: 'completed', kept: false, digest }, blind))
  return { status: 'executed', value, decision }
}

function digestOfResult(value: unknown): string | null {
  const plain = asJson(value)
  try {
    return plain === undefined ? null : jsonDigest('lelu.result.v1', plain.json)
  } catch {
    return null // a lone surrogate in the tool's answer has no canonical text
  }
}
