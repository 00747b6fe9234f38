import type { CommandContext } from '../command-context.ts'
import { withDesk } from '../open-desk.ts'
import { scopeOf } from '../option-values.ts'
import { painter, report } from '../print.ts'
import { localReviewer } from '../reviewer.ts'
import { grantLines, grantTable } from './grant-lines.ts'

type ScopeOptions = { tenant?: string }
type ListOptions = { tenant?: string; limit: number; after?: string }
type CreateOptions = ScopeOptions & { for: number; uses: number; reason?: string }

/** `grants list`. */
export async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const page = await withDesk(context, ({ grants }) => grants.list(options))
  report(context, page, grantTable(page, options.after, Date.now(), painter(context.io)))
}

/** `grants show`. */
export async function show(
  context: CommandContext,
  id: string,
  options: ScopeOptions,
): Promise<void> {
  const grant = await withDesk(context, ({ grants }) => grants.get(id, scopeOf(options)))
  report(context, grant, grantLines(grant, Date.now()))
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
  const grant = await withDesk(context, ({ grants }) => grants.create(approval, terms))
  report(context, grant, grantLines(grant, Date.now()))
}

/** `grants revoke`. */
export async function revoke(
  context: CommandContext,
  id: string,
  options: ScopeOptions & { reason?: string },
): Promise<void> {
  const { reason } = options
  const revoking = { by: localReviewer(), ...(reason && { reason }), ...scopeOf(options) }
  const grant = await withDesk(context, ({ grants }) => grants.revoke(id, revoking))
  report(context, grant, `Revoked ${id}. The next such call asks a person again.`)
}
