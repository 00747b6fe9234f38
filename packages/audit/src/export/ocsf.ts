import { hash } from 'node:crypto'
import {
  type ExportedRecord,
  given,
  type Members,
  membersOf,
  number,
  object,
  text,
  timeOf,
  traceOf,
} from './exported.ts'
import { classify } from './ocsf-class.ts'
import { sentenceOf } from './sentence.ts'
import { severityOf } from './severity.ts'

/** The version of the Open Cybersecurity Schema Framework that events are written in. */
export const ocsfVersion = '1.6.0'

/** An OCSF event: plain JSON. */
export type OcsfEvent = { [attribute: string]: unknown }

const severities = {
  info: [1, 'Informational'],
  warning: [3, 'Medium'],
  error: [4, 'High'],
} as const

/**
 * A record as an OCSF 1.6.0 event. Decisions and outcomes are API Activity (6003), approvals, tokens, grants, policies
 * and switches Entity Management (3004), what the log does itself Application Lifecycle (6002).
 * `metadata.uid` is the id of the record: the same event may arrive more than once.
 */
export function toOcsf({ record, raw, leaf }: ExportedRecord): OcsfEvent {
  const members = membersOf(record)
  const { class: of, activity, attributes } = classify(members)
  const [severity_id, severity] = severities[severityOf(members)]
  const { traceId, spanId } = traceOf(members)
  const refs = object(members.refs)
  return {
    ...given({
      activity_id: activity.id,
      activity_name: text(activity.name),
      category_uid: of.category,
      class_uid: of.uid,
      type_uid: of.uid * 100 + activity.id,
      severity_id,
      severity,
      time: timeOf(record),
      message: sentenceOf(members),
      metadata: given({
        version: ocsfVersion,
        product: { name: 'Lelu', vendor_name: 'Lelu' },
        profiles: ['security_control', ...(traceId && of.traced ? ['trace'] : [])],
        uid: text(record.id) ?? `${record.stream}/${record.seq}`,
        correlation_uid: text(refs.approval) ?? text(refs.decision) ?? decisionId(members),
        event_code: text(record.kind),
        log_name: text(record.log),
        log_provider: text(record.stream),
        log_version: number(record.v)?.toString(),
        sequence: record.seq,
        original_time: text(record.ts),
        tenant_uid: text(record.tenant),
      }),
      trace: traceId && of.traced ? { uid: traceId } : undefined,
    }),
    ...attributes,
    raw_data: raw,
    raw_data_hash: { algorithm: 'SHA-256', algorithm_id: 3, value: hash('sha256', raw) },
    unmapped: given({
      stream: record.stream,
      leaf,
      refs: members.refs,
      call: text(members.call),
      run: text(members.run),
      input_digest: text(members.input_digest),
      confidence: number(members.confidence),
      signal: members.signal,
      reasons: members.reasons,
      span_id: spanId,
    }),
  }
}

const decisionId = ({ kind, id }: Members) => (kind === 'decision' ? text(id) : undefined)
