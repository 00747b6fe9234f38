import type { JWK } from 'jose'
import { callerTenant, type TenantScope } from '../approvals/caller-tenant.ts'
import type { Change } from '../approvals/change.ts'
import { revokedEvent } from '../approvals/events.ts'
import { readReason } from '../approvals/reason.ts'
import type { ApprovalRecord, Reviewer } from '../approvals/record.ts'
import { readActor } from '../approvals/reviewer.ts'
import { stateError } from '../approvals/state.ts'
import { isLeluError, LeluError } from '../errors.ts'
import type { StoppedCheck } from '../execution/kill-switch.ts'
import type { StandingGrants } from '../standing/standing-grants.ts'
import { type ApprovalClaims, claimsOf, mismatchOf } from './claims.ts'
import { type MintedToken, type MintOptions, mintToken } from './mint.ts'
import { type RevocationScope, type Revocations, readTarget } from './revocations.ts'
import { verifyToken } from './verify-token.ts'

/** RFC 7662 §2.2: an inactive answer says nothing else. */
export type Introspection =
  | { active: false }
  | ({ active: true; token_type: string } & ApprovalClaims)

/**
 * What to revoke: one token, one approved call, one grant, or all that was approved so far of somebody. One at a
 * time.
 */
export type RevokeTarget =
  | { token: string }
  | { approval: string }
  | { grant: string }
  | RevocationScope

/** The tokens that approved calls are redeemed with. */
export interface Tokens {
  /** Mints the token of an approved call, 60 s by default. `resume` does it by itself. */
  mint(approvalId: string, options?: TenantScope): Promise<MintedToken>
  /** Form, signature, issuer, audience, times, claims. Says nothing about whether it was spent: see `introspect`. */
  verify(token: string): Promise<ApprovalClaims>
  /** Whether the token could be redeemed now. */
  introspect(token: string, options?: TenantScope): Promise<Introspection>
  /**
   * Effective at the next redeem of every process. A call that is executing cannot be called back. With `tenant`, what
   * reaches beyond it (an agent, a user, a key, another tenant, all) is refused.
   */
  revoke(
    target: RevokeTarget,
    options?: TenantScope & { reason?: string; by?: Reviewer },
  ): Promise<void>
  /** The public keys, newest first (RFC 7517). */
  jwks(): { keys: JWK[] }
}

type Revocation = { reason: string; by: Reviewer | null; tenant: string | undefined }

/** The name of an agent is anybody's: a caller of one tenant must not end what others were allowed. */
function assertWithin(tenant: string | undefined, kind: string, id: string): void {
  if (tenant === undefined || (kind === 'tenant' && id === tenant)) return
  throw new LeluError(
    'LELU_REQUEST_INVALID',
    'This revocation reaches beyond the tenant of its caller.',
    {
      help: 'Name a token, an approval, a grant or the whole tenant of the caller.',
    },
  )
}

export type TokensOptions = MintOptions & {
  revocations: Revocations
  grants: Pick<StandingGrants, 'revoke'>
  stopped: StoppedCheck
}

export function createTokens(options: TokensOptions): Tokens {
  const { records, keys, revocations, stopped, issuer, audience, now } = options
  const verify = (token: string) => verifyToken(token, { keys, issuer, audience, now })

  async function isCurrent(
    claims: ApprovalClaims,
    kid: string,
    tenant: string | undefined,
  ): Promise<boolean> {
    const record = await records.load(claims.authorization_details[0].approval_id, tenant)
    await revocations.assertNone(record, kid)
    if (await stopped.isStopped(record.request.subject)) return false
    const current = record.state === 'approved' && record.grant?.jti === claims.jti
    return current && mismatchOf(claims, claimsOf(record, record.grant?.count ?? 0)) === undefined
  }

  async function revokeApproval(
    id: string,
    { reason, by, tenant }: Revocation,
    jti?: string,
  ): Promise<void> {
    const change = (record: ApprovalRecord): Change | undefined => {
      if (record.state === 'revoked') return undefined
      // A token that was superseded is dead already; revoking it must not end the approval.
      if (jti !== undefined && record.grant?.jti !== jti) return undefined
      if (record.state !== 'approved')
        throw stateError(
          id,
          record.state,
          'only an approved call that has not started can be revoked',
        )
      const why = { id: 'approval_revoked', message: `The approval was revoked: ${reason}` }
      return { next: { state: 'revoked', reason: why }, events: [revokedEvent(record, by, reason)] }
    }
    await records.transition(id, change, tenant)
  }

  return {
    mint: async (approvalId, scope = {}) => mintToken(approvalId, options, callerTenant(scope)),
    verify,
    async introspect(token, scope = {}) {
      const tenant = callerTenant(scope)
      try {
        const claims = await verify(token)
        const active = await isCurrent(claims, kidOf(token), tenant)
        return active ? { active, token_type: 'lelu-approval+jwt', ...claims } : { active }
      } catch (error) {
        // Refused or unknown is a plain no; a store that is down is an error, not an answer.
        const answer =
          isLeluError(error) &&
          ['LELU_TOKEN_REFUSED', 'LELU_APPROVAL_NOT_FOUND'].includes(error.code)
        if (answer) return { active: false }
        throw error
      }
    },
    async revoke(target, revoking = {}) {
      const tenant = callerTenant(revoking)
      const [kind, id] = readTarget(target)
      const by = readActor(revoking.by)
      const reason = readReason(revoking.reason) ?? 'no reason given'
      const revocation = { reason, by, tenant }
      switch (kind) {
        case 'approval':
          return revokeApproval(id, revocation)
        case 'token': {
          const claims = await verify(id)
          const { approval_id: approval } = claims.authorization_details[0]
          return revokeApproval(approval, revocation, claims.jti)
        }
        case 'grant':
          await options.grants.revoke(id, {
            reason,
            ...(by && { by }),
            ...(tenant !== undefined && { tenant }),
          })
          return
        default:
          assertWithin(tenant, kind, id)
          return revocations.revoke(target as RevocationScope, reason, by)
      }
    },
    jwks: () => ({ keys: keys.ring().signing.map(({ publicJwk }) => publicJwk) }),
  }
}

/** The key id of a token that has been verified. */
export function kidOf(token: string): string {
  return (
    JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
  ).kid
}
