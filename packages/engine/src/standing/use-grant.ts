import type { AuditLog } from '@lelu/audit'
import type { Decided } from '../execution/decide.ts'
import type { StoppedCheck } from '../execution/kill-switch.ts'
import { blinded } from '../recorded/blind.ts'
import type { GatedRequest } from '../request/gate.ts'
import type { Revocations } from '../tokens/revocations.ts'
import type { Decision } from '../types.ts'
import { inTurn } from './in-turn.ts'
import { isEnough, matchFields, matchOf, type StandingGrant } from './standing-grant.ts'
import type { StandingRecords } from './standing-records.ts'

type Options = {
  standing: StandingRecords
  revocations: Revocations
  stopped: StoppedCheck
  audit: AuditLog
  now: () => number
}

/** Finds the grant anew; undefined when there is none that counts any more. */
type Find = () => Promise<StandingGrant | undefined>

/** Takes one use, if there is one left; undefined when there is none. No two calls take the same one. */
async function takeUse(
  found: StandingGrant | undefined,
  find: Find,
  { standing, now }: Options,
): Promise<StandingGrant | undefined> {
  let grant = found
  // Each round that is lost is a use that another process has taken.
  for (let round = 0; grant !== undefined && round <= grant.maxUses; round += 1) {
    const { uses, maxUses, expiresAt, revision }: StandingGrant = grant
    if (uses >= maxUses || now() >= expiresAt) return undefined
    const next = { ...grant, uses: uses + 1, revision: revision + 1 }
    const swapped = await standing.swap(grant, next, expiresAt)
    if (swapped === 'done') return next
    if (swapped !== 'conflict') return undefined
    grant = await find()
  }
  return undefined
}

/**
 * The decision of a call that needs a person, where a person has allowed calls like it. Undefined when nobody has: then
 * it is suspended. Never over a deny, and never where the policy of today says that each such call needs a person.
 */
export async function useGrant(
  gated: GatedRequest,
  { decision, requirements, digest, blind }: Decided,
  options: Options,
): Promise<Decision | undefined> {
  const { standing, revocations, stopped, audit } = options
  if (decision.effect !== 'require_approval') return undefined
  const fields = matchFields(requirements)
  if (fields === undefined) return undefined
  const { request } = gated
  const match = matchOf(gated, fields)
  const find: Find = async () => {
    const grant = await standing.find(request.tenant, match)
    if (grant?.state !== 'active') return undefined
    // The policy of today may ask more people, or others.
    if (!isEnough(grant.by, requirements)) return undefined
    // Also of whoever was stopped while this call waited for its turn.
    const refused = await Promise.all([
      revocations.covers(request, request.tenant, grant.grantedAt),
      stopped.isStopped(request.subject),
    ])
    return refused.includes(true) ? undefined : grant
  }
  const found = await find()
  if (found === undefined) return undefined
  // The calls of one step come at once: else each would lose against all the others of this very process.
  const used = await inTurn(found.id, async (waited) =>
    takeUse(waited ? await find() : found, find, options),
  )
  if (used === undefined) return undefined
  const { subject, call, run } = request
  await audit.append({
    kind: 'grant.used',
    tenant: request.tenant,
    agent: { id: subject.id, type: subject.type },
    tool: { name: call.tool, server: call.server ?? null, effect: call.effect },
    run: run ?? null,
    call: call.id,
    input_digest: blinded(blind, '/input_digest', digest),
    refs: { decision: decision.id, grant: used.id, approval: used.approval },
    use: used.uses,
    of: used.maxUses,
  })
  const message = 'A reviewer has allowed calls like this one for a while.'
  return { ...decision, effect: 'allow', reasons: [{ id: 'standing_grant', message }] }
}
