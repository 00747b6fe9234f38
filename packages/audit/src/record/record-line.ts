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
import { rememberShapes, type Shape, sortedShape } from './shapes.ts'
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
const chained: readonly string[] = ['v', 'log', 'stream', 'seq', 'prev', 'ts', 'mono_us', 'boot']
// Many readers of JSON would take the last one for the record's prototype.
const reserved: ReadonlySet<string> = new Set([...chained, '__proto__'])

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

/** The names of an event, among those that the log itself gives a value. */
type Plan = Shape & { fromEvent: readonly boolean[]; fromLog: readonly boolean[] }

const planOf = rememberShapes((names): Plan => {
  for (const name of names) {
    // The sum must stay the last member, and the chain's own members must stay the chain's.
    if (name >= '~' || reserved.has(name)) {
      throw invalid(`a member is named ${JSON.stringify(name)}`, 'Rename the member.')
    }
  }
  const given = [...chained, 'id', 'tenant']
  const { sorted, labels } = sortedShape([...new Set([...names, ...given])], jsonText)
  const among = (some: readonly string[]) => sorted.map((name) => some.includes(name))
  return { names, sorted, labels, fromEvent: among(names), fromLog: among(given) }
})

const bootText = jsonText(bootId)

/** The canonical text of a record, before its sum. A caller cannot set what the log itself says. */
export function recordText(event: LogEvent, { log, stream, seq, prev, now }: Envelope): string {
  const { sorted, labels, fromEvent, fromLog } = planOf(Object.keys(event))
  const members = event as { [member: string]: unknown }
  // None of these holds a character that JSON escapes: names were checked, the rest is made here.
  const own: { [member: string]: string } = {
    boot: bootText,
    log: `"${log}"`,
    mono_us: `${monotonicMicroseconds()}`,
    prev: `"${prev}"`,
    seq: `${seq}`,
    stream: `"${stream}"`,
    tenant: '"default"',
    ts: `"${isoTime(now)}"`,
    v: '1',
  }
  let text = ''
  for (let index = 0; index < sorted.length; index += 1) {
    const name = sorted[index] as string
    const value = fromEvent[index] === true ? members[name] : undefined
    if (value === undefined && fromLog[index] !== true) continue // left out, as it has no value
    const label = labels[index] as string
    text += text === '' ? `{${label.slice(1)}` : label
    if (value !== undefined) text += jsonText(value, 1)
    else text += name === 'id' ? `"${newUlid(now)}"` : (own[name] as string)
  }
  return `${text}}`
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
