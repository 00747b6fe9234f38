import type { Subject } from '@lelu/engine'
import type { JWTPayload } from 'jose'
import type { Principal, Scope } from '../surface/principal.ts'

/** Which claims of an access token hold what. */
export type ClaimNames = {
  /** The client, which is the agent that acts for the user; the first that is there. Default `client_id`, `azp`. */
  agent: readonly string[]
  /** The groups of a person who decides. Default `groups`. */
  groups: string
  /** The tenant. Default none: the option `tenant` holds for all. */
  tenant?: string
}

type Mapping = {
  issuer: string
  tenant: string
  scopes: Readonly<Record<string, Scope>>
  names: ClaimNames
}

/**
 * Who a verified token stands for: its client is the agent, which acts for the user of `sub`. Undefined where a claim
 * that is needed has not its form.
 */
export function principalOf(payload: JWTPayload, mapping: Mapping): Principal | undefined {
  const { issuer, names } = mapping
  const user = payload.sub
  const agent = names.agent.map((name) => own(payload, name)).find(isName)
  const tenant = names.tenant === undefined ? mapping.tenant : own(payload, names.tenant)
  if (!isName(user) || !isName(tenant)) return undefined
  const scopes = scopesOf(payload, mapping.scopes)
  const subject = subjectOf(user, agent)
  // A client that acts for nobody is no person, whatever its scopes.
  const decides = scopes.includes('approvals:decide') && subject.type !== 'service'
  return {
    key: `${issuer}|${JSON.stringify([tenant, agent ?? null, user])}`,
    subject,
    tenant,
    scopes,
    reviewer: decides
      ? { id: user, issuer, method: 'oauth', groups: groupsOf(own(payload, names.groups)) }
      : null,
  }
}

/** A client that calls for nobody (client credentials) has itself as `sub`. */
function subjectOf(user: string, agent: string | undefined): Subject {
  if (agent === undefined) return { type: 'user', id: user }
  if (agent === user) return { type: 'service', id: agent }
  return { type: 'agent', id: agent, actingFor: { type: 'user', id: user } }
}

/** `scope` is one string (RFC 9068); some issuers have an array `scp`. */
function scopesOf(payload: JWTPayload, known: Readonly<Record<string, Scope>>): Scope[] {
  const claimed = own(payload, 'scope') ?? own(payload, 'scp') ?? ''
  const words = Array.isArray(claimed) ? claimed : String(claimed).split(' ')
  const mapped = words.flatMap((word) =>
    typeof word === 'string' && Object.hasOwn(known, word) ? [known[word] as Scope] : [],
  )
  return [...new Set(mapped)]
}

function groupsOf(claimed: unknown): string[] {
  return Array.isArray(claimed) ? claimed.filter(isName).slice(0, 100) : []
}

function own(payload: JWTPayload, name: string): unknown {
  return Object.hasOwn(payload, name) ? payload[name] : undefined
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 512
}
