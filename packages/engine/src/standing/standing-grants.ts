import type { AuditLog } from '@lelu/audit'
import { callerTenant, readPage, type TenantScope } from '../approvals/caller-tenant.ts'
import { readReason } from '../approvals/reason.ts'
import type { ApprovalRecord, Reviewer } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { assertEligible } from '../approvals/review.ts'
import { readActor, readReviewer } from '../approvals/reviewer.ts'
import { LeluError } from '../errors.ts'
import { newId } from '../ids.ts'
import { blinded } from '../recorded/blind.ts'
import type { Revocations } from '../tokens/revocations.ts'
import {
  fieldOf,
  isEnough,
  matchFields,
  matchOf,
  type StandingGrant,
  standingPrefix,
  subjectsOf,
} from './standing-grant.ts'
import type { GrantPage, StandingRecords } from './standing-records.ts'

/** Who grants it, for how long, and for how many calls. */
export type GrantTerms = TenantScope & {
  /** From the host's authentication of the person, never from the request. */
  reviewer: Reviewer
  /** How long it stands, in ms: at most 8 hours. */
  expiresInMs: number
  /** How many calls it allows, 1 to 1000. */
  maxUses: number
  /** At most 2 000 characters. */
  reason?: string
}

/** Standing grants, against approval fatigue: a reviewer allows calls like one that was approved, for a while. */
export interface StandingGrants {
  /**
   * From an approved call: the same agent, tool and input (or the fields of it that the policy names in `standing`). Calls
   * like this have one grant; made again, its terms are the new ones. Throws `LELU_GRANT_REFUSED`.
   */
  create(approvalId: string, terms: GrantTerms): Promise<StandingGrant>
  get(id: string, options?: TenantScope): Promise<StandingGrant>
  /** In order of creation, revoked and used-up ones among them; 50 a page unless told, 500 at most. */
  list(filter?: { tenant?: string; limit?: number; after?: string }): Promise<GrantPage>
  /** Effective at the very next call of every process. */
  revoke(
    id: string,
    options?: TenantScope & { by?: Reviewer; reason?: string },
  ): Promise<StandingGrant>
}

type Options = {
  standing: StandingRecords
  records: Records
  audit: AuditLog
  revocations: Pick<Revocations, 'covers'>
  /** Never ahead of the database: a revocation must not miss a grant. */
  now: () => number
}

const maxMs = 8 * 3600 * 1000
const maxUsesEver = 1000
/** States of a call that a person has said yes to. */
const agreed: readonly string[] = ['approved', 'executing', 'completed']

function refused(approval: string, why: string, help: string): LeluError {
  const message = `No standing grant can be made from approval ${approval}: ${why}.`
  return new LeluError('LELU_GRANT_REFUSED', message, { help, details: { approval } })
}

/** The terms, without whatever else the host passed. Throws `LELU_REVIEW_INVALID`. */
function readTerms({ reviewer, expiresInMs, maxUses, reason }: GrantTerms) {
  const refuse = (message: string, help: string) => {
    throw new LeluError('LELU_REVIEW_INVALID', message, { help })
  }
  const by = readReviewer(reviewer)
  if (!(typeof expiresInMs === 'number' && expiresInMs >= 1 && expiresInMs <= maxMs)) {
    refuse('A standing grant needs an end within 8 hours.', 'Pass `expiresInMs`, 1 to 28 800 000.')
  }
  if (!(Number.isInteger(maxUses) && maxUses >= 1 && maxUses <= maxUsesEver)) {
    refuse('A standing grant needs a number of uses.', `Pass \`maxUses\`, 1 to ${maxUsesEver}.`)
  }
  return { by, expiresInMs, maxUses, reason: readReason(reason) ?? null }
}

/** The fields that must be the same; throws unless one person's yes is enough and the policy lets it stand. */
function grantable(record: ApprovalRecord, reviewer: Reviewer): string[] | null {
  const { id, requirements, state, request } = record
  if (!agreed.includes(state)) {
    throw refused(id, `it is ${state}`, 'Approve the call first.')
  }
  assertEligible(record, reviewer)
  if (!isEnough(reviewer, requirements)) {
    throw refused(id, 'their yes alone was not enough from the start', 'Approve each such call.')
  }
  const fields = matchFields(requirements)
  if (fields === undefined) {
    throw refused(id, 'the policy asks a person each time', 'Approve each such call.')
  }
  const missing = fields?.find((field) => fieldOf(request.call.input, field) === null)
  if (missing !== undefined) {
    // A name that is nowhere would be the same in every input: the grant would cover them all.
    throw refused(
      id,
      `its input has no ${missing}, which the policy names in \`standing\``,
      'Correct the JSON Pointer in the policy, or approve each such call.',
    )
  }
  return fields
}

export function standingGrants({
  standing,
  records,
  audit,
  revocations,
  now,
}: Options): StandingGrants {
  const described = ({ id, tenant, subjects, tool, server, effect, approval }: StandingGrant) => ({
    tenant,
    ...(subjects[0] && { agent: subjects[0] }),
    tool: { name: tool, server, effect },
    refs: { approval, grant: id },
  })

  /** Again and again until nobody else was faster. */
  async function settle(write: () => Promise<StandingGrant | undefined>): Promise<StandingGrant> {
    for (let round = 0; round < 50; round += 1) {
      const written = await write()
      if (written !== undefined) return written
    }
    throw new LeluError('LELU_APPROVAL_CONFLICT', 'A standing grant is changed all the time.', {
      help: 'Try again; if it stays, look for a process that writes in a loop.',
    })
  }

  return {
    async create(approvalId, terms) {
      const caller = callerTenant(terms)
      const { by, maxUses, expiresInMs, reason } = readTerms(terms)
      const record = await records.load(approvalId, caller)
      const fields = grantable(record, by)
      const { request, tenant } = record
      // Before the revocations are read: one that comes right behind must not find a grant that is younger than it is.
      const grantedAt = now()
      // Else what was revoked would live on in a grant that is younger than the revocation.
      if (await revocations.covers(request, tenant, record.approvedAt ?? record.createdAt))
        throw refused(approvalId, 'it was revoked since', 'Let the agent ask again.')
      const match = matchOf({ request: request as never }, fields)
      const fresh: StandingGrant = {
        ...{ id: `${standingPrefix}${newId()}`, tenant, state: 'active', revision: 1 },
        ...{ subjects: subjectsOf(request.subject), tool: request.call.tool },
        effect: request.call.effect ?? 'non_idempotent',
        server: request.call.server ?? null,
        ...{ match, approval: approvalId, by, reason, createdAt: grantedAt, grantedAt },
        ...{ expiresAt: grantedAt + expiresInMs, maxUses, uses: 0 },
      }
      const expires = new Date(fresh.expiresAt).toISOString()
      const shown = blinded(record.blind, '/match', match.digest)
      let recorded: string | undefined
      /** Under the id that it has in the store: else nothing in the log would explain the uses of a grant that is made again. */
      async function recordOnce(grant: StandingGrant): Promise<void> {
        if (recorded === grant.id) return
        const event = { ...described(grant), kind: 'grant.created' as const, reviewer: by, reason }
        await audit.append({ ...event, expires, max_uses: maxUses, match: shown })
        recorded = grant.id
      }
      return settle(async () => {
        const known = await standing.find(tenant, match)
        // A row keeps when it was made, and the seal covers it.
        const { id, createdAt, revision } = known ?? { ...fresh, revision: 0 }
        const next = { ...fresh, id, createdAt, revision: revision + 1 }
        // The log first: a grant that stands but is nowhere recorded must not exist.
        await recordOnce(next)
        const isDone =
          known === undefined
            ? await standing.create(next)
            : (await standing.swap(known, next)) === 'done'
        return isDone ? next : undefined
      })
    },
    get: async (id, scope = {}) => standing.get(id, callerTenant(scope)),
    list: async (filter = {}) => standing.list(readPage(filter)),
    async revoke(id, revoking = {}) {
      const tenant = callerTenant(revoking)
      const by = readActor(revoking.by)
      const reason = readReason(revoking.reason) ?? 'no reason given'
      const grant = await standing.get(id, tenant)
      const event = { ...described(grant), kind: 'grant.revoked' as const }
      await audit.append({ ...event, reviewer: by, reason })
      return settle(async () => {
        const known = await standing.get(id)
        if (known.state === 'revoked') return known
        const next = { ...known, state: 'revoked' as const, revision: known.revision + 1 }
        return (await standing.swap(known, next)) === 'done' ? next : undefined
      })
    },
  }
}
