import type { UndeliveredPage } from '@lelu/engine'
import { nothingAfter, type Paint, safeText, span, table } from '../print.ts'

const heading = ['ID', 'KIND', 'APPROVAL', 'TARGET', 'HAPPENED', 'TRIES', 'LAST ANSWER']

/** What could not be delivered, as a table; altered rows come first, where nobody overlooks them. */
export function undeliveredTable(
  { undelivered, altered, next }: UndeliveredPage,
  after: string | undefined,
  now: number,
  paint: Paint,
): string[] {
  const lines = altered.map((id) =>
    paint('red', `ALTERED  ${safeText(id)} was changed outside Lelu. It is never sent.`),
  )
  if (undelivered.length === 0) {
    const none = 'Nothing waits here: all that was tried was delivered.'
    lines.push(after === undefined ? none : nothingAfter)
  } else {
    const cells = undelivered.map(({ id, notice, approval, target, tries, why }) =>
      [
        ...[id, notice.kind, approval, target],
        ...[`${span(now - notice.at)} ago`, String(tries), why],
      ].map(safeText),
    )
    const [head = '', ...rows] = table([heading, ...cells])
    lines.push(paint('bold', head), ...rows)
  }
  if (next !== null) lines.push('', `There may be more: --after ${safeText(next)}`)
  return lines
}
