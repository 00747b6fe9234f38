import type { Approval, Lelu } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'
import { maySee } from './ownership.ts'

export type PendingPage = { approvals: Approval[]; next: string | null; altered: number }

/** One look into the store, and how many of them one call makes: others' calls must be passed over to find one's own. */
const rowsPerLook = 500
const mostLooks = 10

/**
 * The place of an id in the order, without its random half: an id that was passed over may be somebody else's, and a
 * cursor must not tell it. At most that row is looked at twice.
 */
function placeOf(id: string): string {
  return `${id.slice(0, 'apr_00000000-0000-7000'.length)}-0000-000000000000`
}

/** The pending approvals this principal may see, in order of creation: at most `limit` behind `after`. */
export async function pendingPage(
  approvals: Pick<Lelu['approvals'], 'list'>,
  principal: Principal,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<PendingPage> {
  const found: Approval[] = []
  let altered = 0
  let from = after
  for (let look = 0; look < mostLooks; look += 1) {
    const page = await approvals.list({
      tenant: principal.tenant,
      state: 'pending',
      limit: rowsPerLook,
      ...(from !== undefined && { after: from }),
    })
    altered += page.altered.length
    for (const approval of page.approvals) {
      if (!maySee(principal, approval)) continue
      if (found.length === limit)
        return { approvals: found, next: found.at(-1)?.id ?? null, altered }
      found.push(approval)
    }
    if (page.next === null) return { approvals: found, next: null, altered }
    from = page.next
  }
  const last = from ?? ''
  return { approvals: found, next: found.at(-1)?.id === last ? last : placeOf(last), altered }
}
