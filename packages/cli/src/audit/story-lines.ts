import type { StoryRecord } from '@lelu/audit/reading'
import { type Paint, safeJson, safeText, span } from '../print.ts'
import { part, type Read, read, text } from './read-record.ts'
import { happened } from './story-words.ts'
import { wrapped } from './wrapped.ts'

export type StoryLayout = {
  paint: Paint
  /** Of the terminal; a pipe has none, and nothing is wrapped there. */
  columns?: number | undefined
}

/** Narrower than this the time gets a line of its own. */
const narrow = 72

/** The story of one call for a person: what was proposed, then what happened, each with its place and receipt. */
export function storyLines(records: readonly StoryRecord[], layout: StoryLayout): string[] {
  const { paint } = layout
  const first = records[0]
  if (first === undefined) return []
  const proposal = read((records.find(({ record }) => record.kind === 'decision') ?? first).record)
  const start = Date.parse(text(first.record.ts))
  return [
    paint('bold', `Call ${safeText(text(proposal.call) || first.record.id)}`),
    ...proposed(proposal, layout),
    '',
    paint('bold', `What happened, from ${safeText(text(first.record.ts))} on`),
    ...records.flatMap((one, index) => step(one, start, isAgain(records, index), layout)),
  ]
}

/** A decision of an edit or a redeem: the same call, asked about once more. */
function isAgain(records: readonly StoryRecord[], index: number): boolean {
  const before = records.slice(0, index).some(({ record }) => record.kind === 'decision')
  return before && records[index]?.record.kind === 'decision'
}

function proposed(call: Read, { columns }: StoryLayout): string[] {
  const party = (value: unknown) => {
    const type = part(value, 'type')
    return type === '' ? part(value, 'id') : `${part(value, 'id')} (${type})`
  }
  const server = part(call.tool, 'server')
  const effect = part(call.tool, 'effect')
  const rows: [string, string][] = [
    ['agent', party(call.agent)],
    ['acting for', party(call.acting_for)],
    ['action', `${part(call.tool, 'name')}${effect && ` (${effect})`}`],
    ['server', server],
    ['tenant', text(call.tenant)],
    ['run', text(call.run)],
    ['input', call.input === undefined ? '' : safeJson(call.input, 0)],
    ['resource', call.resource == null ? '' : safeJson(call.resource, 0)],
    ['context', call.context == null ? '' : safeJson(call.context, 0)],
    ['digest', text(call.input_digest)],
  ]
  return rows.flatMap(([label, value]) =>
    value === '' ? [] : wrapped(`  ${label.padEnd(10)}  ${safeText(value)}`, 14, columns),
  )
}

function step(
  { record, stream, seq, leaf, copies, checkpoint }: StoryRecord,
  start: number,
  again: boolean,
  { paint, columns }: StoryLayout,
): string[] {
  const { title: words, style, details } = happened(read(record), again)
  const title = safeText(words)
  const time = since(Date.parse(text(record.ts)) - start)
  const own = columns !== undefined && columns < narrow
  const indent = own ? 4 : 14
  const place = `${safeText(stream)}/${seq}`
  const head = style === undefined ? paint('bold', title) : paint('bold', paint(style, title))
  const lines = own ? [`  ${time}`, `    ${head}`] : [`  ${time.padEnd(10)}  ${head}`]
  const more = [
    `${place}  leaf ${safeText(leaf)}`,
    // Neither the record nor the signature has been looked at: that takes the whole stream.
    ...(checkpoint === null
      ? []
      : [`within a checkpoint of ${checkpoint} records; lelu audit verify says whether it holds`]),
    ...copies.map((copy) => `written again at ${safeText(copy.stream)}/${copy.seq}`),
  ]
  const pad = ' '.repeat(indent)
  return [
    '',
    ...lines,
    ...details.flatMap((detail) => wrapped(`${pad}${safeText(detail)}`, indent, columns)),
    ...more.flatMap((line) =>
      wrapped(`${pad}${line}`, indent, columns).map((one) => paint('dim', one)),
    ),
  ]
}

/** `+1.204 s`, `+2 h 5 min`; a minus where a clock went back. */
function since(ms: number): string {
  if (Number.isNaN(ms)) return '?'
  const sign = ms < 0 ? '-' : '+'
  const size = Math.abs(ms)
  return size < 120_000 ? `${sign}${(size / 1000).toFixed(3)} s` : `${sign}${span(size)}`
}
