import { invalidEvent } from '../errors.ts'
import { bootId, monotonicMicroseconds } from './clock.ts'
import { type AuditEvent, eventKinds } from './event.ts'
import { jsonText, writeJson } from './json-bytes.ts'
import { sumTail } from './line.ts'
import type { LogRecord } from './record.ts'
import { rememberShapes, type Shape, sortedShape } from './shapes.ts'
import { type TextBytes, writeAscii, writeBytes } from './text-bytes.ts'
import { newUlid } from './ulid.ts'

/** What callers append, and what the log itself does. */
export type LogEvent = AuditEvent | LogRecord

export type Envelope = { log: string; stream: string; seq: number; prev: string; now: number }

const kinds: ReadonlySet<string> = new Set(eventKinds)
const chained: readonly string[] = ['v', 'log', 'stream', 'seq', 'prev', 'ts', 'mono_us', 'boot']
// Many readers of JSON would take the last one for the record's prototype.
const reserved: ReadonlySet<string> = new Set([...chained, '__proto__'])

/** Refuses what a caller may not append; the log's own kinds would let a caller forge the end of a stream. */
export function assertEvent(event: unknown): asserts event is AuditEvent {
  if (typeof event !== 'object' || event === null)
    throw invalidEvent('it is no object', 'Pass an event.')
  const { kind, id, tenant } = event as { [member: string]: unknown }
  if (typeof kind !== 'string' || !kinds.has(kind)) {
    throw invalidEvent('its kind is not known', `Use one of: ${eventKinds.join(', ')}.`)
  }
  for (const text of [id, tenant]) {
    if (text !== undefined && (typeof text !== 'string' || text === '')) {
      throw invalidEvent('`id` or `tenant` is no text', 'Leave them out, or pass a text.')
    }
  }
}

/** The names of an event, among those that the log itself gives a value. */
type Plan = Shape & { fromEvent: readonly boolean[]; fromLog: readonly boolean[] }

const planOf = rememberShapes((names): Plan => {
  for (const name of names) {
    // The sum must stay the last member, and the chain's own members must stay the chain's.
    if (name >= '~' || reserved.has(name)) {
      throw invalidEvent(`a member is named ${JSON.stringify(name)}`, 'Rename the member.')
    }
  }
  const given = [...chained, 'id', 'tenant']
  const { sorted, labels } = sortedShape([...new Set([...names, ...given])], jsonText)
  const among = (some: readonly string[]) => sorted.map((name) => some.includes(name))
  return { names, sorted, labels, fromEvent: among(names), fromLog: among(given) }
})

/**
 * Writes what RFC 6962 hashes as the leaf of a record: 0x00, then its line, which is the canonical text with its sum. A
 * caller cannot set what the log itself says.
 */
export function writeLeaf(to: TextBytes, event: LogEvent, place: Envelope): void {
  writeAscii(to, '\0')
  const start = to.length
  writeRecord(to, event, place)
  const tail = sumTail(to.bytes.subarray(start, to.length))
  to.length -= 1
  writeAscii(to, tail)
}

function writeRecord(to: TextBytes, event: LogEvent, place: Envelope): void {
  const { sorted, labels, fromEvent, fromLog } = planOf(Object.keys(event))
  const members = event as { [member: string]: unknown }
  const start = to.length
  writeAscii(to, '{')
  for (let index = 0; index < sorted.length; index += 1) {
    const name = sorted[index] as string
    const value = fromEvent[index] === true ? members[name] : undefined
    if (value === undefined && fromLog[index] !== true) continue // left out, as it has no value
    const label = labels[index] as Uint8Array
    writeBytes(to, label, to.length === start + 1 ? 1 : 0)
    writeJson(to, value === undefined ? ownValue(name, place) : value, 1)
  }
  writeAscii(to, '}')
}

function ownValue(name: string, { log, stream, seq, prev, now }: Envelope): string | number {
  switch (name) {
    case 'v':
      return 1
    case 'log':
      return log
    case 'stream':
      return stream
    case 'seq':
      return seq
    case 'prev':
      return prev
    case 'ts':
      return isoTime(now)
    case 'mono_us':
      return monotonicMicroseconds()
    case 'boot':
      return bootId
    case 'tenant':
      return 'default'
    default:
      return newUlid(now)
  }
}

let lastTime = Number.NaN
let lastText = ''

/** Many records share a millisecond. */
function isoTime(now: number): string {
  if (now === lastTime) return lastText
  if (Number.isNaN(new Date(now).getTime())) {
    throw invalidEvent('the clock gives no time', 'Pass a `now` that answers epoch milliseconds.')
  }
  lastText = new Date(now).toISOString()
  lastTime = now
  return lastText
}
