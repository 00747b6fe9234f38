import type { AuditRecord } from '../record/record.ts'
import { refsOf } from './story-keys.ts'

/** A record of the story, where it stands, and its receipt: the base64 RFC 6962 leaf hash. */
export type StoryRecord = {
  record: AuditRecord
  raw: string
  stream: string
  seq: number
  leaf: string
  /** Where the same event stands again. */
  copies: { stream: string; seq: number }[]
  /** The size of the newest checkpoint of its stream, when the record stands within it. Neither has been verified. */
  checkpoint: number | null
}

/** Each is compared with each: a story longer than that is no call's, and goes by the clocks. */
const mostCompared = 2000

/**
 * Puts the records of one call in the order they happened. Within a stream `seq` is that order; between streams the
 * events of an approval follow their numbers, a decision comes before what refers to it, and the rest goes by time.
 */
export function inOrder(records: readonly StoryRecord[]): StoryRecord[] {
  const streams = new Map<string, StoryRecord[]>()
  for (const one of [...records].sort((a, b) => a.seq - b.seq)) {
    streams.set(one.stream, [...(streams.get(one.stream) ?? []), one])
  }
  const isCall = records.length <= mostCompared
  const needs = new Map(records.map((one) => [one, isCall ? earlierOnes(one, records) : []]))
  const told = new Set<string>()
  const ordered: StoryRecord[] = []
  for (let count = records.length; count > 0; count -= 1) {
    const heads = [...streams.values()].flatMap(([head]) => (head === undefined ? [] : [head]))
    const free = heads.filter((head) => needs.get(head)?.every((key) => told.has(key)))
    // When they wait for each other (an event is written again after a crash), the clocks decide.
    const next = (free.length > 0 ? free : heads).sort(byTime)[0] as StoryRecord
    streams.get(next.stream)?.shift()
    told.add(wordsOf(next))
    ordered.push(next)
  }
  return ordered
}

function byTime(a: StoryRecord, b: StoryRecord): number {
  const [left, right] = [String(a.record.ts), String(b.record.ts)]
  return left < right ? -1 : left > right ? 1 : 0
}

/** What other streams must have told before this one. */
function earlierOnes(one: StoryRecord, records: readonly StoryRecord[]): string[] {
  const { approval, event = Number.NEGATIVE_INFINITY, decision, redecision } = refsOf(one.record)
  const earlier = records.filter((other) => {
    if (other.stream === one.stream) return false
    const refs = refsOf(other.record)
    const isDecision = other.record.kind === 'decision' && one.record.kind !== 'decision'
    return (
      (isDecision && (other.record.id === decision || other.record.id === redecision)) ||
      (approval !== undefined &&
        refs.approval === approval &&
        ((refs.event ?? event) < event || begins(other, one)))
    )
  })
  return earlier.map(wordsOf)
}

/** Nothing happens to an approval, nor is it decided again, before it is asked for. */
function begins({ record: { kind } }: StoryRecord, { record }: StoryRecord): boolean {
  return kind === 'approval.requested' && record.kind !== kind
}

/** What the log itself says of a record: two with the same event number and the same words are one event, written twice. */
const ofTheLog = new Set(['boot', 'id', 'mono_us', 'prev', 'seq', 'stream', 'ts', '~sum'])

function wordsOf({ record, stream, seq }: StoryRecord): string {
  const { approval, event } = refsOf(record)
  if (typeof approval !== 'string' || typeof event !== 'number') return `${stream}/${seq}`
  return JSON.stringify(Object.entries(record).filter(([member]) => !ofTheLog.has(member)))
}

/**
 * Strikes out events that stand in the log twice, as they do when a process died right after it had written them.
 * Two that share a number but say different things both stay: one of them is forged.
 */
export function withoutCopies(ordered: readonly StoryRecord[]): StoryRecord[] {
  const kept = new Map<string, StoryRecord>()
  for (const one of ordered) {
    const words = wordsOf(one)
    const first = kept.get(words)
    if (first === undefined) kept.set(words, { ...one })
    else first.copies = [...first.copies, { stream: one.stream, seq: one.seq }]
  }
  return [...kept.values()]
}
