import type { Approval, ApprovalPage } from '@lelu/engine'
import { nothingAfter, type Paint, safeText, span, table } from '../print.ts'

const heading = ['ID', 'AGE', 'EXPIRES IN', 'AGENT', 'ACTION', 'CONFIDENCE', 'STATE']

type Asked = { state: string; after?: string }

/** The queue as a table; altered rows come first, where nobody overlooks them. */
export function listLines(
  page: ApprovalPage,
  { state, after }: Asked,
  now: number,
  paint: Paint,
): string[] {
  const { approvals, altered, next } = page
  const lines = altered.map((id) =>
    paint(
      'red',
      `ALTERED  ${safeText(id)} was changed outside Lelu. It cannot be approved and never runs.`,
    ),
  )
  if (approvals.length === 0) {
    const none =
      state === 'all' ? 'There are no approvals.' : `There are no approvals with state ${state}.`
    lines.push(after === undefined ? none : nothingAfter)
  } else {
    const [head = '', ...rows] = table([
      heading,
      ...approvals.map((approval) => row(approval, now)),
    ])
    lines.push(paint('bold', head), ...rows)
  }
  if (next !== null) lines.push('', `There may be more: --after ${safeText(next)}`)
  return lines
}

function row(approval: Approval, now: number): string[] {
  const { id, createdAt, request, decision, state } = approval
  const deadline = deadlineOf(approval)
  const cells = [
    id,
    span(now - createdAt),
    deadline === null ? '-' : span(deadline - now),
    request.subject.id,
    request.call.tool,
    `${decision.confidence} ${request.confidence?.trust ?? 'none'}`,
    state,
  ]
  return cells.map(safeText)
}

/** Until when somebody has to act, if anybody still can. */
function deadlineOf({ state, approveBy, executeBy }: Approval): number | null {
  if (state === 'pending') return approveBy
  return state === 'approved' ? executeBy : null
}
