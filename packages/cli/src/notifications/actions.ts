import type { CommandContext } from '../command-context.ts'
import { withDesk } from '../open-desk.ts'
import { scopeOf } from '../option-values.ts'
import { painter, report, safeText } from '../print.ts'
import { undeliveredTable } from './undelivered-table.ts'

type ScopeOptions = { tenant?: string }
type ListOptions = { tenant?: string; limit: number; after?: string }

/** `notifications list`. */
export async function list(context: CommandContext, options: ListOptions): Promise<void> {
  const page = await withDesk(context, ({ notifications }) => notifications.list(options))
  report(context, page, undeliveredTable(page, options.after, Date.now(), painter(context.io)))
}

/** `notifications retry`. */
export async function retry(
  context: CommandContext,
  id: string,
  options: ScopeOptions,
): Promise<void> {
  const one = await withDesk(context, ({ notifications }) =>
    notifications.retry(id, scopeOf(options)),
  )
  const text = `${safeText(one.notice.kind)} of ${safeText(one.approval)} goes to ${safeText(one.target)} again, with the next delivery.`
  report(context, one, text)
}

/** `notifications discard`. */
export async function discard(
  context: CommandContext,
  id: string,
  options: ScopeOptions,
): Promise<void> {
  const one = await withDesk(context, ({ notifications }) =>
    notifications.discard(id, scopeOf(options)),
  )
  const text = `Discarded ${safeText(id)}. ${safeText(one.target)} will not hear of it.`
  report(context, one, text)
}
