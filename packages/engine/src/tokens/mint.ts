import { randomBytes } from 'node:crypto'
import type { AuditEvent } from '@lelu/audit'
import type { Change } from '../approvals/change.ts'
import { mintedEvent } from '../approvals/events.ts'
import type { ApprovalRecord, Grant } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { mayRunAgain, stateError } from '../approvals/state.ts'
import { detailOf, partiesOf, tokenType } from './claims.ts'
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

export type MintedToken = {
  token: string
  jti: string /** Epoch milliseconds. */
  expiresAt: number
}

/** The one token that would count from now on, and the event of its mint. Not stored yet. */
export type NewGrant = { grant: Grant; key: SigningKey; event: AuditEvent }

/** Throws `LELU_APPROVAL_STATE` unless the approval may be redeemed at all. */
export function newGrant(
  record: ApprovalRecord,
  { keys, tokenSeconds, now }: Pick<MintOptions, 'keys' | 'tokenSeconds' | 'now'>,
): NewGrant {
  const mintedAt = now()
  if (!mayMint(record, mintedAt))
    throw stateError(record.id, record.state, 'only an approved call gets a token')
  const grant = {
    jti: randomBytes(16).toString('base64url'),
    expiresAt: (Math.floor(mintedAt / 1000) + tokenSeconds) * 1000,
    mintedAt,
    count: (record.grant?.count ?? 0) + 1,
  }
  const key = keys.signingKey()
  return { grant, key, event: mintedEvent(record, grant, key.kid) }
}

/** The token of a grant: everything it says of the call is worked out from the record. */
export async function signToken(
  record: ApprovalRecord,
  { grant, key }: NewGrant,
  { issuer, audience }: Pick<MintOptions, 'issuer' | 'audience'>,
): Promise<string> {
  const { sub, act } = partiesOf(record.request.subject)
  const iat = Math.floor(grant.mintedAt / 1000)
  const { SignJWT } = await loadJose()
  return new SignJWT({
    act,
    client_id: `${record.request.subject.type}:${record.request.subject.id}`,
    tenant: record.tenant,
    txn: record.request.run ?? record.decision.id,
    authorization_details: [detailOf(record, grant.count)],
  })
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
  const record = await options.records.transition(id, change, tenant)
  const { grant } = minted as NewGrant
  const token = await signToken(record, minted as NewGrant, options)
  return { token, jti: grant.jti, expiresAt: grant.expiresAt }
}

/** Approved; or an attempt whose lease ran out and whose tool does no harm twice. */
function mayMint(record: ApprovalRecord, now: number): boolean {
  if (record.state === 'approved') return true
  const { attempt, request } = record
  const lost = record.state === 'executing' && attempt !== null && now >= attempt.leaseUntil
  return lost && mayRunAgain(request.call.effect ?? 'non_idempotent')
}
