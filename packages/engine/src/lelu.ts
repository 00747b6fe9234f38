import { join } from 'node:path'
import type { AuditEvent, AuditLog } from '@lelu/audit'
import type { Approvals } from './approvals/approvals.ts'
import { editCheck } from './approvals/edit.ts'
import { LeluError } from './errors.ts'
import { atWork } from './execution/at-work.ts'
import { beginDecision, type DecideMore, decide } from './execution/decide.ts'
import { type GuardHooks, guard } from './execution/guard.ts'
import type { KillSwitch } from './execution/kill-switch.ts'
import type { Execute, Outcome } from './execution/outcome.ts'
import { readHooks } from './execution/read-hooks.ts'
import type { Caller } from './execution/redeem.ts'
import { resume, resumeFrom } from './execution/resume.ts'
import { assertNode } from './node-version.ts'
import type { Notifications } from './notify/notifications.ts'
import { checkOptions, checkPolicies, type LeluOptions } from './options.ts'
import { loadPolicy } from './policy/load-policy.ts'
import { recordInput } from './recorded/record-input.ts'
import type { RecordedInputs } from './recorded/recorded-inputs.ts'
import { type GatedRequest, gateRequest, withConfidence } from './request/gate.ts'
import type { StandingGrants } from './standing/standing-grants.ts'
import { useGrant } from './standing/use-grant.ts'
import { openStorage } from './storage.ts'
import { createTokens, type Tokens } from './tokens/tokens.ts'
import type { Decision, DecisionRequest, Policy } from './types.ts'
import { defaultTokenSeconds, weakenedBy } from './weakened.ts'

/**
 * The engine of one process: it decides calls, runs what may run, and keeps what waits for a person. `createLelu`
 * opens one.
 */
export interface Lelu {
  /** Asks the policy. The record is on disk before the answer. Never throws for a policy failure: it denies. */
  decide(request: DecisionRequest): Promise<Decision>
  /** Decides, then runs, suspends or refuses. `execute` runs at most once, and only on `allow` or a redeemed approval. */
  guard<T>(request: DecisionRequest, execute: Execute<T>, hooks?: GuardHooks): Promise<Outcome<T>>
  /** Mints, redeems, decides again and runs the stored input once; a call that ran answers its kept result. */
  resume<T>(approvalId: string, execute: Execute<T>, caller?: Caller): Promise<Outcome<T>>
  readonly approvals: Approvals
  readonly tokens: Tokens
  readonly grants: StandingGrants
  readonly killSwitch: KillSwitch
  /** Who was told of approvals; by itself when the option `notify` has targets. */
  readonly notifications: Notifications
  /** The values behind the commitments in the audit log: to show and to erase them. */
  readonly inputs: RecordedInputs
  readonly audit: AuditLog
  readonly policy: Policy
  /** Aborted when `close()` begins: for tools that would be at work for long. */
  readonly closing: AbortSignal
  /**
   * Refuses new calls (`LELU_ENGINE_CLOSED`), waits for those at work (`closeWithinMs`), then ends the log and the store
   * that this engine opened. From then on it answers nothing from its store. A tool that takes longer runs on unrecorded,
   * and its approval becomes `unknown`.
   */
  close(): Promise<void>
}

const warned = new Set<string>()

/** A policy that fails denies every call it fails on; whoever runs the host must hear why, once. */
function warn({ code, message }: LeluError): void {
  if (warned.has(message)) return
  warned.add(message)
  process.emitWarning(message, { code })
}

const isPolicy = (policies: unknown): policies is Policy =>
  typeof (policies as Policy).evaluate === 'function'

async function policyOf(options: LeluOptions, directory: string): Promise<Policy> {
  const { policies, cache = join(directory, 'cache'), obligations, package: name } = options
  if (isPolicy(policies)) return policies
  return loadPolicy({
    onError: warn,
    policies,
    cache,
    ...(obligations && { obligations }),
    ...(name && { package: name }),
  })
}

/** Which policy decides from now on, and what makes this engine weaker than it could be. */
async function recordStart(audit: AuditLog, { revision }: Policy, weakened: string[]) {
  const events: AuditEvent[] = [{ kind: 'policy.loaded', policy: { revision }, refs: {} }]
  if (weakened.length > 0) events.push({ kind: 'config.weakened', weakened })
  await Promise.all(events.map((event) => audit.append({ tenant: 'default', ...event })))
}

/** Before an approval is spent on what cannot run. */
function assertTool(execute: unknown): void {
  if (typeof execute === 'function') return
  throw new LeluError('LELU_REQUEST_INVALID', 'The tool is no function. Nothing was decided.', {
    help: 'Pass the function that runs the call: guard(request, ({ input }) => …).',
    details: { path: 'execute' },
  })
}

/** Opens the engine: loads the policy, the keys, the store and the log, and records which policy decides from now on. */
export async function createLelu(options: LeluOptions): Promise<Lelu> {
  assertNode()
  checkOptions(options)
  checkPolicies(options.policies)
  const {
    issuer = 'urn:lelu:engine',
    audience = 'urn:lelu:executor:local',
    tokenSeconds = defaultTokenSeconds,
    leaseMs = 60_000,
    closeWithinMs = 10_000,
  } = options
  const policy = await policyOf(options, options.directory ?? '.lelu')
  const { auditInput = {} } = options
  const keepsInputs = auditInput.openings ?? true
  const storage = await openStorage(options, { keepsInputs })
  const { audit, keys, records, revocations, standing, grants, killSwitch, now } = storage
  await recordStart(audit, policy, weakenedBy(options, audit)).catch(async (error) => {
    await storage.close().catch(() => {})
    throw error
  })
  storage.notifying.start()

  const limits = options.maxInputBytes === undefined ? {} : { maxInputBytes: options.maxInputBytes }
  const gate = (request: DecisionRequest): GatedRequest => gateRequest(request, limits)
  const showInput = recordInput(auditInput, keepsInputs ? storage.openings : undefined)
  const { stopped, approveWithinMs } = storage
  const deciding = { policy, audit, now, stopped, approveWithinMs, recordInput: showInput }
  const decideGated = (gated: GatedRequest, more?: DecideMore) => decide(gated, deciding, more)
  const approvals = storage.approvals(editCheck({ gate, decide: decideGated }))
  const minting = { records, keys, issuer, audience, tokenSeconds, now }
  const tokens = createTokens({ ...minting, revocations, grants, stopped: storage.stopped })
  const redeeming = {
    ...minting,
    revocations,
    stopped,
    verify: tokens.verify,
    gate,
    begin: (gated: GatedRequest, more: DecideMore) => beginDecision(gated, deciding, more),
    leaseMs,
  }

  const work = atWork()
  function assertOpen(): void {
    if (!work.closing.aborted) return
    throw new LeluError('LELU_ENGINE_CLOSED', 'This engine is closed.', {
      help: 'Make a new one with createLelu().',
    })
  }
  return {
    approvals,
    tokens,
    grants,
    killSwitch,
    notifications: storage.notifying.notifications,
    inputs: storage.inputs,
    audit,
    policy,
    closing: work.closing,
    async decide(request) {
      assertOpen()
      return (await work.track(decideGated(gate(request)))).decision
    },
    async guard(request, execute, hooks) {
      assertOpen()
      assertTool(execute)
      const guarded = guard(gate(request), execute, {
        ...readHooks(hooks),
        audit,
        records,
        stopped: storage.stopped,
        approvals,
        decide: decideGated,
        useGrant: (gated, decided) =>
          useGrant(gated, decided, { standing, revocations, stopped, audit, now }),
        withConfidence: (gated, confidence) => withConfidence(gated, confidence, limits),
        resume: (record, execute, asked) =>
          resumeFrom(record, execute, { ...redeeming, asked: asked.request }),
      })
      return work.track(guarded)
    },
    async resume(id, execute, caller = {}) {
      assertOpen()
      assertTool(execute)
      return work.track(resume(id, execute, caller, redeeming))
    },
    async close() {
      await work.end(closeWithinMs)
      await storage.close()
    },
  }
}
