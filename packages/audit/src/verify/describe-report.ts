import type { AuditReport } from './report.ts'

/** A report in plain lines for a terminal: verdict, counts, problems, warnings, and what is proven and what not. */
export function describeReport(report: AuditReport): string {
  const { records, streams, problems, warnings, kinds, proven, notProven } = report
  const counts = Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `${verdictOf(report)}: ${records} records in ${streams.length} streams`,
    ...counts.map(([kind, count]) => `  ${String(count).padStart(6)}  ${kind}`),
    ...problems.map(({ code, file, line, stream, message }) => {
      const place = file === null ? stream : line === null ? file : `${file}:${line}`
      return `${`problem  ${code}  ${place}`.trimEnd()}\n         ${message}`
    }),
    ...warnings.map((text) => `warning  ${text}`),
    ...proven.map((text) => `proven   ${text}`),
    ...notProven.map((text) => `not      ${text}`),
  ].join('\n')
}

function verdictOf({ ok, problems }: AuditReport): string {
  if (ok) return 'intact'
  return problems.some(({ code }) => code === 'empty') ? 'EMPTY' : 'DAMAGED'
}
