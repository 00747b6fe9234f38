import { randomBytes } from 'node:crypto'
import type { AuditEvent } from '@lelu/audit'
import type { Change } from '../approvals/change.ts'
import { mintedEvent } from '../approvals/events.ts'
import type { ApprovalRecord, Grant } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { mayRunAgain, stateError } from '../approvals/state.ts'
import { type CallClaims, claimsOf, tokenType } from './claims.ts'
import { loadJose } from './jose.ts'
import type { KeyHolder } from './key-holder.ts'
import type { SigningKey } from './key-ring.ts'

export type MintOptions = {
  records: Records
  keys: KeyHolder
  issuer: string
  audience: string
  /** 60 by default, 300 at most. */
  tokenSeconds: number
  now: () => number
}

/** An approval token, its id, and when it ends. */
export type MintedToken = {
  token: string
  jti: string
  /** Epoch milliseconds. */
  expiresAt: number
}

/** The one token that would count from now on, what it says, and the event of its mint. Not stored yet. */
export type NewGrant = { grant: Grant; key: SigningKey; claims: CallClaims; event: AuditEvent }

/** Throws `LELU_APPROVAL_STATE` unless the approval may be redeemed at all. */
export function newGrant(
  record: ApprovalRecord,
  { keys, tokenSeconds, now }: Pick<MintOptions, 'keys' | 'tokenSeconds' | 'now'>,
): NewGrant {
  const mintedAt = now()
  if (!mayMint(record, mintedAt))
    throw stateError(record.id, record.state, 'only an approved call gets a token')
  const grant = {
    // Hex: an id that begins with `-` would be an option to every command line it is pasted into.
    jti: randomBytes(16).toString('hex'),
    expiresAt: (Math.floor(mintedAt / 1000) + tokenSeconds) * 1000,
    mintedAt,
    count: (record.grant?.count ?? 0) + 1,
  }
  const key = keys.signingKey()
  const claims = claimsOf(record, grant.count)
  return { grant, key, claims, event: mintedEvent(record, grant, key.kid) }
}

/** The token of a grant. */
export async function signToken(
  { grant, key, claims: { sub, ...claims } }: NewGrant,
  { issuer, audience }: Pick<MintOptions, 'issuer' | 'audience'>,
): Promise<string> {
  const iat = Math.floor(grant.mintedAt / 1000)
  const { SignJWT } = await loadJose()
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', typ: tokenType, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setJti(grant.jti)
    .setIssuedAt(iat)
    .setNotBefore(iat)
    .setExpirationTime(grant.expiresAt / 1000)
    .sign(key.privateKey)
}

/**
 * Mints a token and stores which one counts. The approval may wait for hours, the token lives for seconds. Revocations are
 * looked at when it is redeemed. Minting again voids the earlier token.
 */
export async function mintToken(
  id: string,
  options: MintOptions,
  tenant?: string,
): Promise<MintedToken> {
  let minted: NewGrant | undefined
  const change = (current: ApprovalRecord): Change => {
    minted = newGrant(current, options)
    return { next: { state: current.state, grant: minted.grant }, events: [minted.event] }
  }
  await options.records.transition(id, change, tenant)
  const granted = minted as unknown as NewGrant
  const token = await signToken(granted, options)
  return { token, jti: granted.grant.jti, expiresAt: granted.grant.expiresAt }
}

/** Approved; or an attempt whose lease ran out and whose tool does no harm twice. */
function mayMint(record: ApprovalRecord, now: number): boolean {
  if (record.state === 'approved') return true
  const { attempt, request } = record
  const lost = record.state === 'executing' && attempt !== null && now >= attempt.leaseUntil
  return lost && mayRunAgain(request.call.effect ?? 'non_idempotent')
}
