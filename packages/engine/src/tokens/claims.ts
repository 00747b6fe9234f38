import { timingSafeEqual } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { ApprovalRecord } from '../approvals/record.ts'
import { chainOf } from '../chain.ts'
import { jsonDigest } from '../digest.ts'
import type { Json, Subject } from '../types.ts'
import type { TokenRefusal } from './refusal.ts'

export const tokenType = 'lelu-approval+jwt'
export const detailType = 'urn:lelu:tool-call:v1'

/** RFC 9396 `authorization_details`: exactly one call, by digest; no input, no secret, no reviewer's name. */
export type CallDetail = {
  type: typeof detailType
  tool: string
  server: string | null
  input_sha256: string
  tool_schema_sha256: string | null
  call_id: string
  approval_id: string
  /** How many tokens have been minted for the approval, this one included. */
  mint: number
  edited: boolean
  policy: { revision: string; decision_id: string }
  evidence: { votes: number; votes_sha256: string }
  max_uses: 1
}

/** RFC 8693 `act`: the outermost is who acts now, nested ones are on whose behalf it acts. */
export type ActorClaim = { sub: string; act?: ActorClaim }

/** What an approval token says: who may run which call (`authorization_details`), once, until when. */
export type ApprovalClaims = JWTPayload & {
  iss: string
  aud: string
  sub: string
  jti: string
  iat: number
  nbf: number
  exp: number
  act: ActorClaim
  client_id: string
  tenant: string
  txn: string
  authorization_details: [CallDetail]
}

const name = ({ type, id }: Subject) => `${type}:${id}`

function actorClaim(chain: readonly Subject[]): ActorClaim {
  const [first, ...rest] = chain as [Subject, ...Subject[]]
  return rest.length === 0 ? { sub: name(first) } : { sub: name(first), act: actorClaim(rest) }
}

/** RFC 8693: `sub` is whom the call is for in the end, `act` who does it. */
function partiesOf(subject: Subject): { sub: string; act: ActorClaim } {
  const chain = chainOf(subject)
  const principal = chain.at(-1) as Subject
  return { sub: name(principal), act: actorClaim(chain.length === 1 ? chain : chain.slice(0, -1)) }
}

/** What a token says of the call, worked out from the record alone: minting and redeeming use the same words. */
export type CallClaims = Pick<
  ApprovalClaims,
  'sub' | 'act' | 'client_id' | 'tenant' | 'txn' | 'authorization_details'
>

/** `mint`: how many tokens there will have been with this one. */
export function claimsOf(record: ApprovalRecord, mint: number): CallClaims {
  const { subject, run } = record.request
  return {
    ...partiesOf(subject),
    client_id: name(subject),
    tenant: record.tenant,
    txn: run ?? record.decision.id,
    authorization_details: [detailOf(record, mint)],
  }
}

function detailOf(record: ApprovalRecord, mint: number): CallDetail {
  const { call } = record.request
  return {
    type: detailType,
    tool: call.tool,
    server: call.server ?? null,
    input_sha256: record.digest,
    tool_schema_sha256:
      call.schema === undefined ? null : jsonDigest('lelu.schema.v1', call.schema),
    call_id: call.id,
    approval_id: record.id,
    mint,
    edited: record.edits.length > 0,
    policy: { revision: record.decision.policy.revision, decision_id: record.decision.id },
    evidence: {
      votes: record.votes.length,
      votes_sha256: jsonDigest('lelu.votes.v1', record.votes as unknown as Json),
    },
    max_uses: 1,
  }
}

const sameText = (a: unknown, b: unknown) => {
  const [left, right] = [Buffer.from(JSON.stringify(a)), Buffer.from(JSON.stringify(b))]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** What a verified token says otherwise than it has to, if anything: its tenant, its parties or its call. */
export function mismatchOf(claims: ApprovalClaims, expected: CallClaims): TokenRefusal | undefined {
  if (claims.tenant !== expected.tenant) return 'token_tenant'
  const parties = ({ sub, act, client_id }: CallClaims) => [sub, act, client_id]
  if (!sameText(parties(claims), parties(expected))) return 'token_subject'
  if (claims.txn !== expected.txn) return 'token_call'
  const [detail] = expected.authorization_details
  return sameText(claims.authorization_details[0], detail) ? undefined : 'token_call'
}
