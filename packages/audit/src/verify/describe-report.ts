import { count } from './proven.ts'
import type { AuditReport } from './report.ts'

/**
 * A report in plain lines for a terminal: verdict, counts, problems, warnings, and what is proven and what not. Whatever
 * else a terminal obeys is left to whoever prints it.
 */
export function describeReport(report: AuditReport): string {
  const { records, streams, problems, warnings, kinds, proven, notProven } = report
  const counts = Object.entries(kinds).sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    `${verdictOf(report)}: ${count(records, 'record')} in ${count(streams.length, 'stream')}`,
    ...counts.map(([kind, count]) => `  ${String(count).padStart(6)}  ${oneLine(kind)}`),
    ...problems.flatMap(({ code, file, line, stream, message }) => {
      const place = file === null ? stream : line === null ? file : `${file}:${line}`
      return [oneLine(`problem  ${code}  ${place}`.trimEnd()), `         ${oneLine(message)}`]
    }),
    ...warnings.map((text) => `warning  ${oneLine(text)}`),
    ...proven.map((text) => `proven   ${oneLine(text)}`),
    ...notProven.map((text) => `not      ${oneLine(text)}`),
  ].join('\n')
}

function verdictOf({ ok, problems }: AuditReport): string {
  if (ok) return 'intact'
  return problems.some(({ code }) => code === 'empty') ? 'EMPTY' : 'DAMAGED'
}

/** A name of a file, or a word of a record that nobody signed, could else write lines of its own: that more is proven. */
const oneLine = (text: string): string =>
  text.replace(/[\n\v\f\r\u0085\u2028\u2029]/g, (end) => {
    return `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
