import { AuditError } from '../errors.ts'
import type { AuditRecord } from '../record/record.ts'
import type { FoundRecord, Needles } from './scan.ts'
import { type ScanProgress, scanLog } from './scan-log.ts'

/** All that is given must hold. */
export type SearchFilter = {
  /** A kind such as `approval.decided`, or all kinds below one: `approval`. */
  kind?: string
  agent?: string
  tool?: string
  tenant?: string
  decision?: string
  reviewer?: string
  /** RFC 3339; from this time on, up to and without that one. */
  from?: string
  to?: string
  /** Stands anywhere in the record, as it was written: capitals count. */
  text?: string
}

/** A filter and the log it is put to. `onProgress` is told now and then. */
export type SearchOptions = SearchFilter & {
  directory: string
  signal?: AbortSignal
  onProgress?: (progress: ScanProgress) => void
}

/** The records of a log that a filter keeps, oldest first, in constant memory. */
export async function* searchRecords(options: SearchOptions): AsyncGenerator<FoundRecord> {
  const { directory, signal, onProgress, ...filter } = options
  const from = timeOf('from', filter.from)
  const to = timeOf('to', filter.to)
  const inTime = (ts: string) => (from === undefined || ts >= from) && (to === undefined || ts < to)
  const keep = (line: Buffer) => {
    const ts = timeAtEnd(line)
    return ts === undefined || inTime(ts)
  }
  const needles = needlesOf(filter)
  for await (const one of scanLog({ directory, needles, keep, signal, onProgress })) {
    if (inTime(String(one.record.ts)) && matches(one, filter)) yield one
  }
}

/** As records write their times, so that texts can be compared. */
function timeOf(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const date = new Date(value)
  if (!Number.isNaN(date.getTime())) return date.toISOString()
  throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', `\`${name}\` is no time.`, {
    help: 'Write it as 2026-11-22 or 2026-11-22T10:00:00Z.',
    details: { option: name },
  })
}

const inJson = (value: string) => JSON.stringify(value)

/** The rarest first: the scan looks for the first group, and then for the others in its lines. */
function needlesOf({ kind, agent, tool, tenant, decision, reviewer, text }: SearchFilter): Needles {
  const texts = [
    text && inJson(text).slice(1, -1),
    reviewer && `"id":${inJson(reviewer)}`,
    agent && `"id":${inJson(agent)}`,
    tool && `"name":${inJson(tool)}`,
    kind && `"kind":${inJson(kind).slice(0, -1)}`,
    decision && `"decision":${inJson(decision)}`,
    tenant && `"tenant":${inJson(tenant)}`,
  ]
  return texts.flatMap((one) => (one ? [[Buffer.from(one)]] : []))
}

function matches({ record, raw }: FoundRecord, filter: SearchFilter): boolean {
  const { kind, agent, tool, tenant, decision, reviewer, text } = filter
  const { agent: by, tool: what, reviewer: who, ...members } = record as unknown as Members
  return (
    (kind === undefined || record.kind === kind || record.kind.startsWith(`${kind}.`)) &&
    (agent === undefined || by?.id === agent) &&
    (tool === undefined || what?.name === tool) &&
    (tenant === undefined || members.tenant === tenant) &&
    (decision === undefined || members.decision === decision) &&
    (reviewer === undefined || who?.id === reviewer) &&
    (text === undefined || raw.includes(inJson(text).slice(1, -1)))
  )
}

/** Read as data: a later version may know other kinds. */
type Members = Record<string, unknown> & {
  [member in 'agent' | 'tool' | 'reviewer']?: { id?: unknown; name?: unknown } | null
}

const timeLength = '2026-11-22T10:00:00.000Z'.length
const behindTime = `","v":1,"~sum":"${'-'.repeat(22)}"}`.length
const beforeTime = Buffer.from('"ts":"')

/**
 * The time of a line without parsing it. Only where it stands right before the last two members of the line, which
 * nothing inside another member can imitate; undefined elsewhere.
 */
function timeAtEnd(line: Buffer): AuditRecord['ts'] | undefined {
  const end = line.length - behindTime
  const start = end - timeLength
  const name = start - beforeTime.length
  if (name < 0 || line.compare(beforeTime, 0, beforeTime.length, name, start) !== 0)
    return undefined
  if (line.toString('latin1', end, end + 15) !== '","v":1,"~sum":') return undefined
  return line.toString('latin1', start, end)
}
