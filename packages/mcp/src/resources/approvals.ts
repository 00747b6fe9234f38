import type { ReadResourceResult } from '@modelcontextprotocol/server'
import type { Principal } from '../surface/principal.ts'
import { approvalView, mostListed } from '../tools/approval-view.ts'
import type { ToolParts } from '../tools/options.ts'
import { findApproval, maySee } from '../tools/ownership.ts'
import { pendingPage } from '../tools/pending-page.ts'
import { jsonContents } from './contents.ts'

export const pendingUri = 'lelu://approvals/pending'
export const approvalUri = (id: string) => `lelu://approvals/${id}`
const idPattern = /^apr_[0-9a-f-]{36}$/
const mostShown = 100

/** `lelu://approvals/pending`: what waits, as far as this principal may see it. */
export async function readPending(
  { lelu, consoleUrl }: ToolParts,
  principal: Principal,
): Promise<ReadResourceResult> {
  const { approvals, next, altered } = await pendingPage(lelu.approvals, principal, {
    limit: mostShown,
  })
  const shown = approvals.map((one) =>
    approvalView(one, principal, { consoleUrl, most: mostListed }),
  )
  return jsonContents(pendingUri, { approvals: shown, next, altered })
}

/** `lelu://approvals/{id}`: undefined for an unknown one as for one that is not this principal's to see. */
export async function readApproval(
  { lelu, consoleUrl }: ToolParts,
  id: string,
  principal: Principal,
): Promise<ReadResourceResult | undefined> {
  if (!idPattern.test(id)) return undefined
  const approval = await findApproval(lelu, id, principal, maySee)
  if (approval === undefined) return undefined
  return jsonContents(approvalUri(id), approvalView(approval, principal, { consoleUrl }))
}

/** Ids of pending approvals that begin so, as far as this principal may see them. */
export async function completeApproval(
  { lelu }: ToolParts,
  value: string,
  principal: Principal,
): Promise<string[]> {
  const { approvals } = await pendingPage(lelu.approvals, principal, { limit: mostShown })
  return approvals.map(({ id }) => id).filter((id) => id.startsWith(value))
}
