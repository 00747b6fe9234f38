import { type Members, object } from './exported.ts'

/** How much a record asks to be looked at. */
export type Severity = 'info' | 'warning' | 'error'

const warnings = new Set([
  ...['approval.expired', 'approval.escalated', 'token.revoked', 'grant.revoked'],
  ...['switch.stopped', 'recovery', 'config.weakened', 'backlog'],
])

/** What was refused, called back, failed or weakened is a warning; an effect that nobody knows of, or a full disk, is an error. */
export function severityOf(record: Members): Severity {
  const { kind, decision, vote, result } = record
  const { status } = object(result)
  if ((kind === 'outcome' && status === 'unknown') || kind === 'full') return 'error'
  const refused = (kind === 'decision' && decision === 'deny') || vote === 'deny'
  const failed = kind === 'outcome' && status === 'failed'
  return refused || failed || warnings.has(String(kind)) ? 'warning' : 'info'
}
