import type { AuditRecord } from '../../src/index.ts'
import type { ExportedRecord } from '../../src/reading.ts'
import { leafHashOfText } from '../../src/record/line.ts'

/** A record as it would be stored, without its sum. */
export function exported(members: Record<string, unknown>): ExportedRecord {
  const record = {
    ...{
      v: 1,
      log: 'lelu',
      stream: '01kar6w0f3aaaaaaaaaaaaaaaa',
      seq: 7,
      prev: '',
      boot: 'b',
      mono_us: 1,
    },
    ...{ ts: '2026-11-22T10:00:00.123Z', id: '01kar6w0f4bbbbbbbbbbbbbbbb', tenant: 'default' },
    ...members,
  } as unknown as AuditRecord
  const raw = JSON.stringify(record)
  return { record, raw, leaf: leafHashOfText(raw), stream: record.stream }
}

const call = {
  agent: { id: 'trader-1', type: 'agent' },
  acting_for: { id: 'alice', type: 'user' },
  tool: { name: 'trade', server: null, effect: 'non_idempotent' },
  run: 'run-1',
  call: 'call-1',
  input_digest: 'd1',
  refs: { approval: 'A', decision: 'D', event: 1 },
}
const reviewer = { id: 'bob', issuer: 'os', method: 'local' }
const trace = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' }

/** One of each kind, and of each answer. */
export const samples: Record<string, Record<string, unknown>> = {
  allow: decision('allow'),
  deny: decision('deny'),
  wait: decision('require_approval'),
  traced: { ...decision('allow'), trace },
  requested: { ...call, kind: 'approval.requested', approve_by: '2026-11-23T10:00:00.000Z' },
  approved: {
    ...call,
    kind: 'approval.decided',
    vote: 'approve',
    reviewer,
    reason: 'fine',
    state: 'approved',
    edited: false,
  },
  edited: {
    ...call,
    kind: 'approval.decided',
    vote: 'approve',
    reviewer,
    reason: null,
    state: 'approved',
    edited: true,
  },
  denied: {
    ...call,
    kind: 'approval.decided',
    vote: 'deny',
    reviewer,
    reason: 'no',
    state: 'denied',
  },
  cancelled: { ...call, kind: 'approval.cancelled', reviewer: null, reason: null },
  expired: { ...call, kind: 'approval.expired', state: 'pending' },
  escalated: { ...call, kind: 'approval.escalated', level: 1, after_ms: 60_000 },
  reconciled: {
    ...call,
    kind: 'approval.reconciled',
    reviewer,
    state: 'completed',
    reason: 'looked',
  },
  minted: {
    ...call,
    kind: 'token.minted',
    refs: { ...call.refs, jti: 'J' },
    key: 'k1',
    expires: '2026-11-22T10:01:00.000Z',
  },
  redeemed: {
    ...call,
    kind: 'token.redeemed',
    refs: { ...call.refs, jti: 'J', attempt: 'T', redecision: 'D2' },
  },
  revoked: { kind: 'token.revoked', scope: 'agent/trader-1', reviewer, reason: 'stolen', refs: {} },
  granted: { ...call, kind: 'grant.created', reviewer, refs: { approval: 'A', grant: 'G' } },
  used: {
    ...call,
    kind: 'grant.used',
    refs: { decision: 'D', grant: 'G', approval: 'A' },
    use: 1,
    of: 5,
  },
  ungranted: {
    ...call,
    kind: 'grant.revoked',
    reviewer: null,
    refs: { approval: 'A', grant: 'G' },
  },
  stopped: { kind: 'switch.stopped', scope: 'all', reason: 'alarm', reviewer },
  started: { kind: 'switch.started', scope: 'all', reason: null, reviewer },
  completed: outcome({ status: 'completed', digest: 'r', duration_ms: 12 }),
  failed: outcome({ status: 'failed', digest: 'f', duration_ms: 3, error_code: 'E_LIMIT' }),
  unknown: outcome({ status: 'unknown', digest: null, duration_ms: null }),
  notRun: outcome({ status: 'not_run', digest: null, duration_ms: 3 }),
  policy: { kind: 'policy.loaded', policy: { revision: 'sha256:ab' }, refs: {} },
  erasure: {
    kind: 'erasure',
    data_subject: 'c3ViamVjdA==',
    erased: '2026-11-22T10:00:00.000Z',
    keys: 1,
    reviewer,
    reason: 'asked to',
  },
  weakened: { kind: 'config.weakened', weakened: ['token_seconds=300'] },
  genesis: { kind: 'genesis', durability: 'fsync', peers: [], seq: 0 },
  recovery: {
    kind: 'recovery',
    of: '01kar6w0f3cccccccccccccccc',
    cause: 'owner_dead',
    last_seq: 3,
  },
  backlog: { kind: 'backlog', sink: 's3://b', bytes: 9, limit: 10, age_ms: 1, state: 'high' },
  full: { kind: 'full', error_code: 'ENOSPC' },
  resumed: { kind: 'resumed', refused: 3 },
  peers: { kind: 'peers', peers: [] },
  heartbeat: { kind: 'heartbeat' },
  close: { kind: 'close', reason: 'closed' },
  later: { kind: 'of.a.later.version', what: { is: ['not', 'known'] } },
}

function decision(effect: string): Record<string, unknown> {
  return {
    ...call,
    kind: 'decision',
    id: 'D',
    decision: effect,
    confidence: 1,
    signal: {
      method: 'verbalized',
      trust: 'claimed',
      status: 'ok',
      value: 1,
      score: 1.73,
      model: 'm',
      samples: 1,
    },
    reasons: [{ id: 'too_low', message: 'The agent is not sure enough.' }],
    policy: { revision: 'sha256:ab' },
    refs: {},
    latency_us: 90,
  }
}

function outcome(result: Record<string, unknown>): Record<string, unknown> {
  return { ...call, kind: 'outcome', result }
}
