import type * as Jose from 'jose'
import { type ApprovalClaims, detailType, tokenType } from './claims.ts'
import { loadJose } from './jose.ts'
import type { KeyHolder } from './key-holder.ts'
import { refuseToken, type TokenRefusal } from './refusal.ts'

export type VerifyOptions = { keys: KeyHolder; issuer: string; audience: string; now: () => number }

export const maxTokenSeconds = 300
const toleranceSeconds = 5
export const maxTokenLength = 4096

/** What jose found wrong, in our words. */
function refusalOf(error: unknown, { errors }: typeof Jose): TokenRefusal {
  if (error instanceof errors.JWTExpired) return 'token_expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    const byClaim: Record<string, TokenRefusal> = {
      iss: 'token_issuer',
      aud: 'token_audience',
      exp: 'token_time',
      iat: 'token_time',
      nbf: 'token_time',
      typ: 'token_header',
    }
    return Object.hasOwn(byClaim, error.claim)
      ? (byClaim[error.claim] as TokenRefusal)
      : 'token_claims'
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'token_signature'
  return 'token_malformed'
}

/** A header with anything we did not put there (crit, jwk, x5u …) is not ours. */
function keyIdOf(token: string, { decodeProtectedHeader }: typeof Jose): string {
  let header: Record<string, unknown>
  try {
    header = decodeProtectedHeader(token)
  } catch (error) {
    throw refuseToken('token_malformed', error)
  }
  const members = Object.keys(header).sort().join()
  const ours = header.alg === 'EdDSA' && header.typ === tokenType && typeof header.kid === 'string'
  if (members !== 'alg,kid,typ' || !ours) throw refuseToken('token_header')
  return header.kid as string
}

/**
 * Checks 1 to 4 of a redeem: form, header, key, signature, issuer, audience, times, claims. Signature before content.
 * What jose does not check is checked here: a missing `exp`, a life beyond 300 s, an audience array (RFC 8725).
 */
export async function verifyToken(
  token: string,
  { keys, issuer, audience, now }: VerifyOptions,
): Promise<ApprovalClaims> {
  if (typeof token !== 'string' || token.length > maxTokenLength || token.split('.').length !== 3) {
    throw refuseToken('token_malformed')
  }
  const jose = await loadJose()
  const kid = keyIdOf(token, jose)
  const key = await keys.findSigning(kid)
  if (key === undefined) throw refuseToken('token_key_unknown')
  const { payload } = await jose
    .jwtVerify(token, key.publicKey, {
      algorithms: ['EdDSA'],
      typ: tokenType,
      issuer,
      audience,
      clockTolerance: toleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: [
        'iss',
        'aud',
        'sub',
        'jti',
        'iat',
        'nbf',
        'exp',
        'act',
        'tenant',
        'txn',
        'authorization_details',
      ],
    })
    .catch((error) => {
      throw refuseToken(refusalOf(error, jose), error)
    })
  // An array passes when any member matches: another executor could redeem it.
  if (payload.aud !== audience) throw refuseToken('token_audience')
  const { iat = Number.NaN, nbf = Number.NaN, exp = Number.NaN } = payload
  const soon = Math.floor(now() / 1000) + toleranceSeconds
  const lives = exp - iat
  // NaN fails every comparison, so the comparisons are written to pass, not to fail.
  if (!(lives > 0 && lives <= maxTokenSeconds && iat <= soon && nbf <= soon))
    throw refuseToken('token_time')
  return checkShape(payload)
}

function checkShape(payload: Record<string, unknown>): ApprovalClaims {
  const { jti, tenant, sub, txn, authorization_details: details } = payload
  const words = [jti, tenant, sub, txn].every((word) => typeof word === 'string' && word.length > 0)
  const act = payload.act as { sub?: unknown } | null
  const detail =
    Array.isArray(details) && details.length === 1
      ? (details[0] as Record<string, unknown> | null)
      : null
  const detailed =
    detail?.type === detailType &&
    [detail.tool, detail.input_sha256, detail.call_id, detail.approval_id].every(
      (word) => typeof word === 'string',
    )
  if (!words || typeof act?.sub !== 'string' || !detailed) throw refuseToken('token_claims')
  return payload as ApprovalClaims
}
