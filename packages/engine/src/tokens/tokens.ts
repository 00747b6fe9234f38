import type { JWK } from 'jose'
import { revokedEvent } from '../approvals/events.ts'
import type { Reviewer } from '../approvals/record.ts'
import { assertReviewer } from '../approvals/review.ts'
import { stateError } from '../approvals/state.ts'
import { isLeluError } from '../errors.ts'
import type { StandingGrants } from '../standing/standing-grants.ts'
import { type ApprovalClaims, mismatchOf } from './claims.ts'
import { type MintedToken, type MintOptions, mintToken } from './mint.ts'
import type { RevocationScope, Revocations } from './revocations.ts'
import { verifyToken } from './verify-token.ts'

/** RFC 7662 §2.2: an inactive answer says nothing else. */
export type Introspection =
  | { active: false }
  | ({ active: true; token_type: string } & ApprovalClaims)

export type RevokeTarget =
  | { token: string }
  | { approval: string }
  | { grant: string }
  | RevocationScope

export interface Tokens {
  /** Mints the token of an approved call, 60 s by default. `resume` does it by itself. */
  mint(approvalId: string): Promise<MintedToken>
  /** Form, signature, issuer, audience, times, claims. Says nothing about whether it was spent: see `introspect`. */
  verify(token: string): Promise<ApprovalClaims>
  /** Whether the token could be redeemed now. */
  introspect(token: string): Promise<Introspection>
  /** Effective at the next redeem of every process. A call that is executing cannot be called back. */
  revoke(target: RevokeTarget, options?: { reason?: string; by?: Reviewer }): Promise<void>
  /** The public keys, newest first (RFC 7517). */
  jwks(): { keys: JWK[] }
}

export type TokensOptions = MintOptions & {
  revocations: Revocations
  grants: Pick<StandingGrants, 'revoke'>
}

export function createTokens(options: TokensOptions): Tokens {
  const { records, keys, revocations, issuer, audience, now } = options
  const verify = (token: string) => verifyToken(token, { keys, issuer, audience, now })

  async function isCurrent(claims: ApprovalClaims, kid: string): Promise<boolean> {
    const record = await records.load(claims.authorization_details[0].approval_id)
    await revocations.assertNone(record, kid)
    const current = record.state === 'approved' && record.grant?.jti === claims.jti
    return current && mismatchOf(claims, record) === undefined
  }

  async function revokeApproval(
    id: string,
    reason: string,
    by: Reviewer | null,
    jti?: string,
  ): Promise<void> {
    await records.transition(id, (record) => {
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
    })
  }

  return {
    mint: (approvalId) => mintToken(approvalId, options),
    verify,
    async introspect(token) {
      try {
        const claims = await verify(token)
        const active = await isCurrent(claims, kidOf(token))
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
    async revoke(target, { reason = 'no reason given', by } = {}) {
      if (by !== undefined) assertReviewer(by)
      if ('approval' in target) return revokeApproval(target.approval, reason, by ?? null)
      if ('token' in target) {
        const claims = await verify(target.token)
        return revokeApproval(
          claims.authorization_details[0].approval_id,
          reason,
          by ?? null,
          claims.jti,
        )
      }
      if ('grant' in target) {
        await options.grants.revoke(target.grant, { reason, ...(by && { by }) })
        return
      }
      return revocations.revoke(target, reason, by ?? null)
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
