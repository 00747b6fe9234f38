import type { GrantPage, StandingGrant } from '@lelu/engine'
import { nothingAfter, type Paint, safeText, span, table } from '../print.ts'

const heading = ['ID', 'AGENT', 'TOOL', 'SAME', 'USES', 'ENDS IN', 'STATE']

/** Whether it still allows anything. */
function stateOf({ state, uses, maxUses, expiresAt }: StandingGrant, now: number): string {
  if (state !== 'active') return state
  if (uses >= maxUses) return 'used up'
  return now >= expiresAt ? 'expired' : 'active'
}

const sameIn = ({ match }: StandingGrant): string =>
  match.fields === null ? 'input' : match.fields.join(' ')

/** The agent, and whomever it acts for. */
const who = ({ subjects }: StandingGrant): string => subjects.map(({ id }) => id).join(' for ')

/** The grants as a table; altered rows come first, where nobody overlooks them. */
export function grantTable(
  { grants, altered, next }: GrantPage,
  after: string | undefined,
  now: number,
  paint: Paint,
): string[] {
  const warnings = altered.map((id) =>
    paint('red', `ALTERED  ${safeText(id)} was changed outside Lelu. It allows nothing.`),
  )
  if (grants.length === 0) {
    return [...warnings, after === undefined ? 'There are no standing grants.' : nothingAfter]
  }
  const cells = grants.map((grant) =>
    [
      ...[grant.id, who(grant), grant.tool, sameIn(grant)],
      ...[`${grant.uses} of ${grant.maxUses}`, span(grant.expiresAt - now), stateOf(grant, now)],
    ].map(safeText),
  )
  const [head = '', ...rows] = table([heading, ...cells])
  const more = next === null ? [] : ['', `There may be more: --after ${safeText(next)}`]
  return [...warnings, paint('bold', head), ...rows, ...more]
}

/** One grant, in sentences. */
export function grantLines(grant: StandingGrant, now: number): string[] {
  const { id, tool, server, approval, by, reason, uses, maxUses, expiresAt } = grant
  const where = server === null ? '' : ` of the server ${safeText(server)}`
  const same =
    grant.match.fields === null
      ? 'the same input as'
      : `the same ${grant.match.fields.map(safeText).join(', ')} as`
  return [
    `${safeText(id)} is ${stateOf(grant, now)}: ${uses} of ${maxUses} uses, ends in ${span(expiresAt - now)}.`,
    `It lets ${safeText(who(grant))} call ${safeText(tool)}${where} with ${same} approval ${safeText(approval)}, without asking.`,
    `Granted by ${safeText(by.id)} (${safeText(by.issuer)}, ${safeText(by.method)})${reason === null ? '' : `: ${safeText(reason)}`}`,
  ]
}
