import { randomBytes } from 'node:crypto'
import { mintedEvent } from '../approvals/events.ts'
import type { ApprovalRecord } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { mayRunAgain, stateError } from '../approvals/state.ts'
import { detailOf, partiesOf, tokenType } from './claims.ts'
import type { KeyHolder } from './key-holder.ts'

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

/**
 * Mints the token of an approved call. The approval may wait for hours, the token lives for seconds, so it is
 * minted when the call is resumed. Revocations are looked at when it is redeemed. Minting again voids the earlier token: the record holds the one jti that counts.
 */
export async function mintToken(
  start: string | ApprovalRecord,
  options: MintOptions,
): Promise<MintedToken> {
  const { records, keys, issuer, audience, tokenSeconds, now } = options
  const key = keys.signingKey()
  const jti = randomBytes(16).toString('base64url')
  const mintedAt = now()
  const iat = Math.floor(mintedAt / 1000)
  const expiresAt = (iat + tokenSeconds) * 1000
  const record = await records.transition(start, (current) => {
    if (!mayMint(current, mintedAt))
      throw stateError(current.id, current.state, 'only an approved call gets a token')
    const grant = { jti, expiresAt, mintedAt, count: (current.grant?.count ?? 0) + 1 }
    return { next: { state: current.state, grant }, events: [mintedEvent(current, grant, key.kid)] }
  })
  const { sub, act } = partiesOf(record.request.subject)
  const { SignJWT } = await import('jose')
  const token = await new SignJWT({
    act,
    client_id: `${record.request.subject.type}:${record.request.subject.id}`,
    tenant: record.tenant,
    txn: record.request.run ?? record.decision.id,
    authorization_details: [detailOf(record, record.grant?.count ?? 1)],
  })
    .setProtectedHeader({ alg: 'EdDSA', typ: tokenType, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(sub)
    .setJti(jti)
    .setIssuedAt(iat)
    .setNotBefore(iat)
    .setExpirationTime(iat + tokenSeconds)
    .sign(key.privateKey)
  return { token, jti, expiresAt }
}

/** Approved; or an attempt whose lease ran out and whose tool does no harm twice. */
function mayMint(record: ApprovalRecord, now: number): boolean {
  if (record.state === 'approved') return true
  const { attempt, request } = record
  const lost = record.state === 'executing' && attempt !== null && now >= attempt.leaseUntil
  return lost && mayRunAgain(request.call.effect ?? 'non_idempotent')
}
