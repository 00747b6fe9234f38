import { AuditError } from '../errors.ts'
import { bootId, monotonicMicroseconds } from './clock.ts'
import { jsonText } from './json-text.ts'
import {
  type AuditEvent,
  type CloseRecord,
  eventKinds,
  type GenesisRecord,
  type PulseRecord,
  type RecoveryRecord,
  type RoomRecord,
} from './record.ts'
import { newUlid } from './ulid.ts'

/** What callers append, and what the log itself does. */
export type LogEvent =
  | AuditEvent
  | GenesisRecord
  | PulseRecord
  | RoomRecord
  | RecoveryRecord
  | CloseRecord

type Envelope = { log: string; stream: string; seq: number; prev: string; now: number }

const kinds: ReadonlySet<string> = new Set(eventKinds)
const reserved: ReadonlySet<string> = new Set([
  ...['v', 'log', 'stream', 'seq', 'prev', 'ts', 'mono_us', 'boot'],
  '__proto__', // assigned, it would not become a member
])

function invalid(what: string, help: string): AuditError {
  return new AuditError('LELU_AUDIT_RECORD_INVALID', `The event cannot be recorded: ${what}.`, {
    help,
  })
}

/** Refuses what a caller may not append; the log's own kinds would let a caller forge the end of a stream. */
export function assertEvent(event: unknown): asserts event is AuditEvent {
  if (typeof event !== 'object' || event === null)
    throw invalid('it is no object', 'Pass an event.')
  const { kind, id, tenant } = event as { [member: string]: unknown }
  if (typeof kind !== 'string' || !kinds.has(kind)) {
    throw invalid('its kind is not known', `Use one of: ${eventKinds.join(', ')}.`)
  }
  for (const text of [id, tenant]) {
    if (text !== undefined && (typeof text !== 'string' || text === '')) {
      throw invalid('`id` or `tenant` is no text', 'Leave them out, or pass a text.')
    }
  }
}

/** The canonical text of a record, before its sum. A caller cannot set what the log itself says. */
export function recordText(event: LogEvent, { now, ...place }: Envelope): string {
  // Born in the order of the text, so that little is left to sort.
  const record: Record<string, unknown> = {
    boot: bootId,
    log: place.log,
    mono_us: monotonicMicroseconds(),
    prev: place.prev,
    seq: place.seq,
    stream: place.stream,
    tenant: 'default',
    ts: isoTime(now),
    v: 1,
  }
  const members = event as { [member: string]: unknown }
  for (const member of Object.keys(event)) {
    // The sum must stay the last member, and the chain's own members must stay the chain's.
    if (member >= '~' || reserved.has(member)) {
      throw invalid(`a member is named ${JSON.stringify(member)}`, 'Rename the member.')
    }
    const value = members[member]
    if (value !== undefined) record[member] = value
  }
  record.id ??= newUlid(now)
  return jsonText(record)
}

let lastTime = Number.NaN
let lastText = ''

/** Many records share a millisecond. */
function isoTime(now: number): string {
  if (now === lastTime) return lastText
  if (Number.isNaN(new Date(now).getTime())) {
    throw invalid('the clock gives no time', 'Pass a `now` that answers epoch milliseconds.')
  }
  lastText = new Date(now).toISOString()
  lastTime = now
  return lastText
}
