import type { Notifications, Undelivered } from '@lelu/engine'
import type { CommandContext } from '../command-context.ts'
import { withDesk } from '../open-desk.ts'
import { scopeOf } from '../option-values.ts'
import { painter, safeText, writeJson } from '../print.ts'
import { undeliveredTable } from './undelivered-table.ts'

type ScopeOptions = { tenant?: string }
type ListOptions = { tenant?: string; limit: number; after?: string }

/** Runs `use` with the notifications of the directory. */
function onDesk<T>(
  { io, globals }: CommandContext,
  use: (notifications: Notifications) => Promise<T>,
): Promise<T> {
  return withDesk({ directory: globals().directory, env: io.env }, ({ notifications }) =>
    use(notifications),
  )
}

function report({ io, globals }: CommandContext, one: Undelivered, text: string): void {
  if (globals().json) writeJson(io, one)
  else io.write(`${text}\n`)
}

/** `notifications list`. */
export async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const { io, globals } = context
  const page = await onDesk(context, (notifications) => notifications.list(options))
  if (globals().json) writeJson(io, page)
  else io.write(`${undeliveredTable(page, options.after, Date.now(), painter(io)).join('\n')}\n`)
}

/** `notifications retry`. */
export async function retry(
  context: CommandContext,
  id: string,
  options: ScopeOptions,
): Promise<void> {
  const one = await onDesk(context, (notifications) => notifications.retry(id, scopeOf(options)))
  const text = `${safeText(one.notice.kind)} of ${safeText(one.approval)} goes to ${safeText(one.target)} again, with the next delivery.`
  report(context, one, text)
}

/** `notifications discard`. */
export async function discard(
  context: CommandContext,
  id: string,
  options: ScopeOptions,
): Promise<void> {
  const one = await onDesk(context, (notifications) => notifications.discard(id, scopeOf(options)))
  const text = `Discarded ${safeText(id)}. ${safeText(one.target)} will not hear of it.`
  report(context, one, text)
}
