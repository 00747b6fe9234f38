import { AuditError } from '../errors.ts'
import type { AuditEvent, AuditReviewer } from '../record/event.ts'
import type { AuditReceipt } from '../record/record.ts'
import type { DataSubject, Erased, Openings } from './openings.ts'

/** Whose openings are erased, who asked for it, and why. */
export type Erasure = {
  subject: DataSubject
  /** Who asked for it, from the host's authentication of the person. */
  reviewer: AuditReviewer | null
  /** For the record, which is kept for ever: no personal data. */
  reason: string
}

type Place = { openings: Openings; audit: { append(event: AuditEvent): Promise<AuditReceipt> } }

/**
 * Erases what was kept of a person, and records that. The record comes after, so that it never tells of an erasure that did
 * not happen; when it cannot be written, `LELU_AUDIT_UNAVAILABLE` says so, and the same call again writes it.
 */
export async function eraseSubject(
  { openings, audit }: Place,
  { subject, reviewer, reason }: Erasure,
): Promise<Erased & { audit: AuditReceipt }> {
  const { id, tenant = 'default' } = subject
  if (typeof id !== 'string' || id === '' || typeof reason !== 'string' || reason.trim() === '') {
    throw new AuditError('LELU_AUDIT_RECORD_INVALID', 'An erasure needs a subject and a reason.', {
      help: 'Pass the id the subject was recorded under, and why it is erased (no personal data).',
    })
  }
  const erased = await openings.erase(subject)
  try {
    const by = reviewer && { id: reviewer.id, issuer: reviewer.issuer, method: reviewer.method }
    const receipt = await audit.append({
      ...{ kind: 'erasure', tenant, ...erased, reviewer: by, reason },
    })
    return { ...erased, audit: receipt }
  } catch (error) {
    throw unrecorded(error)
  }
}

function unrecorded(cause: unknown): AuditError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `What was kept of the subject is erased, but that could not be recorded: ${why}`
  return new AuditError('LELU_AUDIT_UNAVAILABLE', message, {
    help: 'See to the audit log, then erase the same subject again: it finds nothing left, and records it.',
    cause,
  })
}
