import type { AuditEvent } from '../src/index.ts'

export function decision(id: string, more: Record<string, unknown> = {}): AuditEvent {
  return {
    kind: 'decision',
    id,
    tenant: 'default',
    agent: { id: 'trader-1', type: 'agent' },
    tool: { name: 'trade', server: null, effect: 'non_idempotent' },
    confidence: 0.85,
    decision: 'deny',
    reasons: [{ id: 'too-low', message: 'confidence 0.85 is below 0.90 – “ask”' }],
    policy: { revision: 'r1' },
    ...more,
  }
}
