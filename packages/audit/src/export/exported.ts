import type { AuditRecord } from '../record/record.ts'

/** A stored record as it is exported: parsed, its line as stored, and its base64 RFC 6962 leaf hash. */
export type ExportedRecord = { record: AuditRecord; raw: string; leaf: string; stream: string }

/** A record read as data: later versions may know other kinds and members. */
export type Members = { readonly [member: string]: unknown }

export function membersOf(record: AuditRecord): Members {
  return record as unknown as Members
}

/** Undefined for whatever is no text with something in it. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

export function object(value: unknown): Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Members)
    : {}
}

/** Only what has a value. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) kept[name] = value
  }
  return kept as never
}

/** In nanoseconds it must fit into the 64 bits of OTLP. */
const latest = Date.parse('2554-01-01T00:00:00Z')

/** Epoch milliseconds of a record; 0 where it has no time that can be read. */
export function timeOf({ ts }: AuditRecord): number {
  const time = Date.parse(String(ts))
  return time >= 0 && time < latest ? time : 0
}

/** The trace the host was in, where its ids are ones (W3C Trace Context: no zeroes, small hexadecimal letters). */
export function traceOf({ trace }: Members): { traceId?: string; spanId?: string } {
  const { trace_id, span_id } = object(trace)
  const isId = (id: unknown, digits: number): id is string =>
    typeof id === 'string' && id.length === digits && /^[0-9a-f]+$/.test(id) && /[^0]/.test(id)
  return given({
    traceId: isId(trace_id, 32) ? trace_id : undefined,
    spanId: isId(trace_id, 32) && isId(span_id, 16) ? span_id : undefined,
  })
}
