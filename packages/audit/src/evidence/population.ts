import type { AuditRecord } from '../record/record.ts'

export const populationFile = 'population.csv'

/** Which records an auditor asks about: from a time on (ISO 8601), and before another. */
export type Period = { from: string; to: string }

/** So that a sample can be drawn, and drawn again: from which decisions, and how many of each. */
export type Population = {
  visit(record: AuditRecord, place: { stream: string; seq: number }): void
  /** A line for each day (UTC) and kind of answer: `day,decision,count,first,last`; the last two as `stream/seq`. */
  csv(): string
  readonly decisions: number
  readonly records: number
}

type Row = { day: string; decision: string; count: number; first: string; last: string }

/** Counts what a period holds: decisions by day and answer, and the other kinds of records by day. */
export function countPopulation({ from, to }: Period): Population {
  const rows = new Map<string, Row>()
  let decisions = 0
  let records = 0
  return {
    visit(record, { stream, seq }) {
      if (!within(record, { from, to })) return
      records += 1
      if (record.kind === 'decision') decisions += 1
      const day = record.ts.slice(0, 10)
      const decision = record.kind === 'decision' ? `decision ${record.decision}` : record.kind
      const place = `${stream}/${seq}`
      const row = rows.get(`${day} ${decision}`)
      if (row === undefined) {
        rows.set(`${day} ${decision}`, { day, decision, count: 1, first: place, last: place })
      } else {
        row.count += 1
        row.last = place
      }
    },
    csv() {
      const sorted = [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1))
      const lines = sorted.map(([, { day, decision, count, first, last }]) =>
        [csvText(day), csvText(decision), count, first, last].join(','),
      )
      return `${['day,record,count,first,last', ...lines].join('\n')}\n`
    },
    get decisions() {
      return decisions
    },
    get records() {
      return records
    },
  }
}

/** Times of records are RFC 3339 in UTC with milliseconds, so they sort as texts. */
export function within({ ts }: AuditRecord, { from, to }: Period): boolean {
  return ts >= from && ts < to
}

/** A kind of a later version could hold anything; a leading = would be a formula to a spreadsheet. */
export function csvText(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
