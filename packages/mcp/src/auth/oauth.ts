import type { IncomingMessage } from 'node:http'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { type Log, silent } from '../eras/log.ts'
import { kindOf } from '../eras/rpc-fault.ts'
import { LeluMcpError } from '../errors.ts'
import type { Scope } from '../surface/principal.ts'
import { type Authenticator, bearerToken, type Verdict } from './authenticator.ts'
import { type ClaimNames, principalOf } from './claims.ts'

/** Whose access tokens `oauth` takes, and what their claims stand for. URLs are https, or http on a loopback address. */
export type OAuthOptions = {
  /** The URL under which clients know this server, such as `https://lelu.example/mcp`: the audience of its tokens (RFC 8707). */
  resource: string
  /** The authorization server's identifier: what `iss` must be, and where clients are sent. */
  issuer: string
  /** Where its keys are. */
  jwksUrl: string
  /** Which claim holds what of ours. */
  claims?: Partial<ClaimNames>
  /** Which scopes of the token stand for which of ours. Default: `lelu:call`, `lelu:approvals:read` and so on. */
  scopes?: Readonly<Record<string, Scope>>
  /** Of all principals. A claim for it may be named in `claims`. Default `default`. */
  tenant?: string
  log?: Log
}

const ours: Readonly<Record<string, Scope>> = {
  'lelu:call': 'call',
  'lelu:approvals:read': 'approvals:read',
  'lelu:approvals:decide': 'approvals:decide',
  'lelu:audit:read': 'audit:read',
}

/**
 * A resource server of OAuth 2.1: takes JWT access tokens of one issuer that are meant for this server alone, and
 * says where to get them (RFC 9728). A token that lacks the scope for calls is answered with a step-up challenge.
 */
export function oauth(options: OAuthOptions): Authenticator {
  const { issuer, log = silent, scopes = ours, tenant = 'default' } = options
  const resource = checkedUrl(options.resource, 'resource')
  checkedUrl(issuer, 'issuer')
  const keys = createRemoteJWKSet(checkedUrl(options.jwksUrl, 'jwksUrl'), { timeoutDuration: 5000 })
  const addresses = addressesOf(resource)
  const audience = addresses.map(({ resource }) => resource)
  const challenges = challengesOf(Object.keys(scopes))
  const names = { groups: 'groups', agent: ['client_id', 'azp'], ...options.claims }

  return {
    open: false,
    documents: metadataOf(addresses, issuer, Object.keys(scopes)),
    async authenticate(req: IncomingMessage): Promise<Verdict> {
      const refuse = (reason: Refusal) => challenges(reason, metadataUrl(req, addresses))
      const token = bearerToken(req)
      if (token === undefined) return refuse('missing')
      const payload = await verified(token, keys, { issuer, audience }, log)
      if (typeof payload === 'string') return refuse(payload)
      const principal = principalOf(payload, { issuer, tenant, scopes, names })
      if (principal === undefined) return refuse('invalid')
      if (!principal.scopes.includes('call')) return refuse('insufficient')
      return { principal, expiresAt: (payload.exp ?? 0) * 1000 }
    },
  }
}

async function verified(
  token: string,
  keys: JWTVerifyGetKey,
  expected: { issuer: string; audience: string[] },
  log: Log,
): Promise<JWTPayload | 'invalid' | 'unavailable'> {
  try {
    // A key set of jose has no symmetric keys: whoever can check a token cannot make one.
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      ...expected,
      clockTolerance: 5,
      requiredClaims: ['exp', 'sub', 'iss', 'aud'],
    })
    // An ID token proves who logged in to a client; it is no permission to call this server (RFC 9068).
    const { typ } = protectedHeader
    const isAccessToken = typ === undefined || /^(application\/)?(at\+jwt|JWT)$/i.test(typ)
    return isAccessToken && payload.nonce === undefined ? payload : 'invalid'
  } catch (error) {
    const isOurs = error instanceof errors.JOSEError && !isOutage(error)
    if (isOurs) return 'invalid'
    log('warn', 'The keys of the authorization server could not be read.', { error: kindOf(error) })
    return 'unavailable'
  }
}

function isOutage(error: errors.JOSEError): boolean {
  return ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'].includes(error.code)
}

const wellKnown = '/.well-known/oauth-protected-resource'

/** One URL of this server: as what a token is for it, and where its metadata is. */
type Address = { path: string; resource: string; document: string; metadata: string }

/**
 * `/mcp` and `/sse` are the same server, and a client insists that the metadata names the URL it was given: each has
 * its own document, and a token for the one is good for the other.
 */
function addressesOf(resource: URL): Address[] {
  const at = (href: string): Address => {
    const { origin, pathname } = new URL(href)
    const document = `${wellKnown}${pathname === '/' ? '' : pathname}`
    return { path: pathname, resource: href, document, metadata: `${origin}${document}` }
  }
  const named = resource.pathname === '/' ? resource.href.slice(0, -1) : resource.href
  const twin = /\/(mcp|sse)$/.exec(named)?.[1] === 'mcp' ? '/sse' : '/mcp'
  return /\/(mcp|sse)$/.test(named)
    ? [at(named), at(named.replace(/\/(mcp|sse)$/, twin))]
    : [at(named)]
}

function metadataUrl({ url = '' }: IncomingMessage, addresses: readonly Address[]): string {
  const path = url.split('?')[0] ?? ''
  const asked = addresses.find((address) => address.path.endsWith(path)) ?? addresses[0]
  return asked?.metadata ?? ''
}

function metadataOf(
  addresses: readonly Address[],
  issuer: string,
  scopes: string[],
): ReadonlyMap<string, object> {
  const documentOf = ({ resource }: Address) => ({
    resource,
    authorization_servers: [issuer],
    scopes_supported: scopes,
    bearer_methods_supported: ['header'],
    resource_name: 'Lelu',
  })
  const [first] = addresses
  return new Map([
    ...(first === undefined ? [] : [[wellKnown, documentOf(first)] as const]),
    ...addresses.map((address) => [address.document, documentOf(address)] as const),
  ])
}

type Refusal = 'missing' | 'invalid' | 'insufficient' | 'unavailable'

/** All scopes at once, so that a client does not come back for each. */
function challengesOf(scopes: string[]): (reason: Refusal, metadata: string) => Verdict {
  const answers: Record<Refusal, readonly [status: 401 | 403 | 503, bearer: string, text: string]> =
    {
      missing: [401, '', 'LELU_MCP_UNAUTHENTICATED: An access token is needed.'],
      invalid: [
        401,
        'error="invalid_token", ',
        'LELU_MCP_UNAUTHENTICATED: The access token is expired, or not meant for this server.',
      ],
      insufficient: [
        403,
        'error="insufficient_scope", ',
        'LELU_MCP_SCOPE_INSUFFICIENT: The access token lacks the scope for calls.',
      ],
      unavailable: [
        503,
        '',
        'LELU_MCP_KEYS_UNAVAILABLE: The keys of the authorization server cannot be read. Try again.',
      ],
    }
  return (reason, metadata) => {
    const [status, error, message] = answers[reason]
    const challenge = `Bearer ${error}resource_metadata="${metadata}", scope="${scopes.join(' ')}"`
    const headers: Record<string, string> =
      status === 503 ? { 'retry-after': '5' } : { 'www-authenticate': challenge }
    return { challenge: { status, message, headers } }
  }
}

function checkedUrl(text: string, name: string): URL {
  try {
    const url = new URL(text)
    const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
    if (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)) return url
  } catch {
    // Told below, like one of the wrong scheme.
  }
  throw new LeluMcpError(
    'LELU_MCP_OPTIONS_INVALID',
    `The option \`${name}\` of OAuth is no https URL.`,
    { help: 'Give it whole, such as https://lelu.example/mcp.' },
  )
}
