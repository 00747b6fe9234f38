import type { AuditRecord } from '@lelu/audit'
import type { Json, Subject } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'
import type { JsonSchema } from '../surface/surface.ts'
import { list, object, text, textOrNull } from './schemas.ts'
import { shownText } from './shown.ts'

type Read = { [member: string]: unknown }

const asText = (value: unknown): string | null =>
  typeof value === 'string' ? shownText(value) : null

const sameParty = (party: unknown, subject: Subject | undefined): boolean => {
  if (subject === undefined) return party === null || party === undefined
  const { id, type } = (party ?? {}) as Read
  return id === subject.id && type === subject.type
}

/**
 * Whether a decision, of the principal's tenant, is one of its calls. A record names the caller and the first it acts for; a longer
 * chain cannot be told from it, so there only those who may read the log are answered.
 */
export function isOwnDecision(record: AuditRecord, { subject }: Principal): boolean {
  const { agent, acting_for: actingFor } = record as Read
  return (
    record.kind === 'decision' &&
    subject.actingFor?.actingFor === undefined &&
    sameParty(agent, subject) &&
    sameParty(actingFor, subject.actingFor)
  )
}

export const stepSchema: JsonSchema = object(
  {
    time: text('ISO 8601.'),
    what: text('Kind of the record.'),
    outcome: textOrNull('What was decided, how the vote went, or how the call ended.'),
    reasons: list({ type: 'string' }, 'Why, in words.'),
    reviewer: textOrNull('Who it was; shown to those who may read the log.'),
    stream: text('Where the record is.'),
    seq: { type: 'integer' },
  },
  ['time', 'what', 'outcome', 'reasons', 'reviewer', 'stream', 'seq'],
)

/** One record of a story. `whole`: for those who may read the log; others learn no reviewer and no rule. */
export function stepView(record: AuditRecord, whole: boolean): { [key: string]: Json } {
  const { decision, vote, result, reasons, reason, reviewer, state } = record as Read
  const messages = (Array.isArray(reasons) ? (reasons as Read[]) : []).map(({ id, message }) =>
    whole ? `${asText(id)}: ${asText(message)}` : String(asText(message)),
  )
  const why = asText(reason)
  const said = record.kind === 'decision' || whole || vote === 'deny'
  const { status } = (result ?? {}) as Read
  return {
    time: String(asText(record.ts)),
    what: String(asText(record.kind)),
    outcome: asText(decision) ?? asText(vote) ?? asText(status) ?? asText(state),
    reasons: said ? [...messages, ...(why === null ? [] : [why])] : [],
    reviewer: whole ? asText(((reviewer ?? {}) as Read).id) : null,
    stream: record.stream,
    seq: record.seq,
  }
}
