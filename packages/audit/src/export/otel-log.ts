import {
  type ExportedRecord,
  type Members,
  membersOf,
  number,
  object,
  text,
  timeOf,
  traceOf,
} from './exported.ts'
import { type OtlpAttribute, otlpAttributes } from './otlp-value.ts'
import { sentenceOf } from './sentence.ts'
import { severityOf } from './severity.ts'

/** A log record in the JSON encoding of OTLP (opentelemetry/proto/logs/v1). */
export type OtlpLogRecord = {
  timeUnixNano: string
  observedTimeUnixNano: string
  severityNumber: number
  severityText: string
  eventName: string
  body: { stringValue: string }
  attributes: OtlpAttribute[]
  traceId?: string
  spanId?: string
}

/** The body of `POST /v1/logs`. */
export type OtlpLogsRequest = {
  resourceLogs: {
    resource: { attributes: OtlpAttribute[] }
    scopeLogs: { scope: { name: string }; logRecords: OtlpLogRecord[] }[]
  }[]
}

const severities = { info: [9, 'INFO'], warning: [13, 'WARN'], error: [17, 'ERROR'] } as const
const doubles = ['lelu.confidence', 'lelu.signal.value', 'lelu.signal.score']

/**
 * A record as an OpenTelemetry log record. `log.record.uid` is the id of the record (the same may arrive more than
 * once), `log.record.original` its line as stored, so that its leaf hash can be worked out again.
 */
export function toOtelLog({ record, raw, leaf }: ExportedRecord): OtlpLogRecord {
  const members = membersOf(record)
  const [severityNumber, severityText] = severities[severityOf(members)]
  const time = `${BigInt(timeOf(record)) * 1_000_000n}`
  return {
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber,
    severityText,
    eventName: `lelu.${record.kind}`,
    body: { stringValue: sentenceOf(members) },
    attributes: otlpAttributes(
      { ...attributesOf(members, leaf), 'log.record.original': raw },
      doubles,
    ),
    ...traceOf(members),
  }
}

function attributesOf(record: Members, leaf: string): Record<string, string | number | undefined> {
  const { agent, acting_for, tool, signal, result, policy, reviewer, refs } = record
  const action = text(object(tool).name)
  const reasons = Array.isArray(record.reasons) ? record.reasons : []
  const failed = object(result).status === 'failed'
  return {
    'log.record.uid': text(record.id),
    'gen_ai.operation.name': action === undefined ? undefined : 'execute_tool',
    'gen_ai.tool.name': action,
    'gen_ai.tool.call.id': text(record.call),
    'gen_ai.agent.id': text(object(agent).id),
    'gen_ai.request.model': text(object(signal).model),
    'user.id': text(object(acting_for).id),
    'error.type': failed ? (text(object(result).error_code) ?? '_OTHER') : undefined,
    'lelu.kind': text(record.kind),
    'lelu.stream': text(record.stream),
    'lelu.seq': number(record.seq),
    'lelu.leaf': leaf,
    'lelu.tenant': text(record.tenant),
    'lelu.run': text(record.run),
    'lelu.decision': text(record.decision),
    'lelu.reason': text(object(reasons[0]).id),
    'lelu.confidence': number(record.confidence),
    'lelu.signal.method': text(object(signal).method),
    'lelu.signal.trust': text(object(signal).trust),
    'lelu.signal.status': text(object(signal).status),
    'lelu.signal.value': number(object(signal).value),
    'lelu.signal.score': number(object(signal).score),
    'lelu.signal.samples': number(object(signal).samples),
    'lelu.policy.revision': text(object(policy).revision),
    'lelu.tool.server': text(object(tool).server),
    'lelu.tool.effect': text(object(tool).effect),
    'lelu.input_digest': text(record.input_digest),
    'lelu.vote': text(record.vote),
    'lelu.reviewer.id': text(object(reviewer).id),
    'lelu.reviewer.issuer': text(object(reviewer).issuer),
    'lelu.reviewer.method': text(object(reviewer).method),
    'lelu.outcome': text(object(result).status),
    'lelu.duration_ms': number(object(result).duration_ms),
    'lelu.refs.decision': text(object(refs).decision),
    'lelu.refs.redecision': text(object(refs).redecision),
    'lelu.refs.approval': text(object(refs).approval),
    'lelu.refs.jti': text(object(refs).jti),
    'lelu.refs.attempt': text(object(refs).attempt),
    'lelu.refs.grant': text(object(refs).grant),
    'lelu.refs.event': number(object(refs).event),
  }
}

/** Records of one or more streams as the body of `POST /v1/logs`: a resource for each stream, which is a process. */
export function toOtlpLogs(records: readonly ExportedRecord[]): OtlpLogsRequest {
  const streams = Map.groupBy(records, ({ record }) => `${record.log}\n${record.stream}`)
  const resourceLogs = [...streams.values()].map((ofStream) => {
    const { log, stream } = (ofStream[0] as ExportedRecord).record
    const attributes = otlpAttributes({
      'service.name': 'lelu',
      'service.instance.id': stream,
      'lelu.log': log,
    })
    const scopeLogs = [{ scope: { name: '@lelu/audit' }, logRecords: ofStream.map(toOtelLog) }]
    return { resource: { attributes }, scopeLogs }
  })
  return { resourceLogs }
}
