import type { StandingGrant, StandingGrants } from '@lelu/engine'
import type { CommandContext } from '../command-context.ts'
import { withDesk } from '../open-desk.ts'
import { scopeOf } from '../option-values.ts'
import { painter, writeJson } from '../print.ts'
import { localReviewer } from '../reviewer.ts'
import { grantLines, grantTable } from './grant-lines.ts'

type ScopeOptions = { tenant?: string }
type ListOptions = { tenant?: string; limit: number; after?: string }
type CreateOptions = ScopeOptions & { for: number; uses: number; reason?: string }

/** Runs `use` with the grants of the directory. */
function onDesk<T>(
  { io, globals }: CommandContext,
  use: (grants: StandingGrants) => Promise<T>,
): Promise<T> {
  return withDesk({ directory: globals().directory, env: io.env }, ({ grants }) => use(grants))
}

function report({ io, globals }: CommandContext, grant: StandingGrant, text: string): void {
  if (globals().json) writeJson(io, grant)
  else io.write(`${text}\n`)
}

/** `grants list`. */
export async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const { io, globals } = context
  const page = await onDesk(context, (desk) => desk.list(options))
  if (globals().json) writeJson(io, page)
  else io.write(`${grantTable(page, options.after, Date.now(), painter(io)).join('\n')}\n`)
}

/** `grants show`. */
export async function show(
  context: CommandContext,
  id: string,
  options: ScopeOptions,
): Promise<void> {
  const grant = await onDesk(context, (desk) => desk.get(id, scopeOf(options)))
  report(context, grant, grantLines(grant, Date.now()).join('\n'))
}

/** `grants create`. */
export async function create(
  context: CommandContext,
  approval: string,
  options: CreateOptions,
): Promise<void> {
  const { for: expiresInMs, uses: maxUses, reason } = options
  const reviewer = localReviewer()
  const more = { ...(reason && { reason }), ...scopeOf(options) }
  const terms = { reviewer, expiresInMs, maxUses, ...more }
  const grant = await onDesk(context, (desk) => desk.create(approval, terms))
  report(context, grant, grantLines(grant, Date.now()).join('\n'))
}

/** `grants revoke`. */
export async function revoke(
  context: CommandContext,
  id: string,
  options: ScopeOptions & { reason?: string },
): Promise<void> {
  const { reason } = options
  const revoking = { by: localReviewer(), ...(reason && { reason }), ...scopeOf(options) }
  const grant = await onDesk(context, (desk) => desk.revoke(id, revoking))
  report(context, grant, `Revoked ${id}. The next such call asks a person again.`)
}
