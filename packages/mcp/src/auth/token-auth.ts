import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Principal } from '../surface/principal.ts'
import { type Authenticator, bearerToken, type Verdict } from './authenticator.ts'

export const refusedToken: Verdict = {
  challenge: {
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="lelu-mcp"' },
    message:
      'LELU_MCP_UNAUTHENTICATED: Send the token that the operator gave you as `Authorization: Bearer …`.',
  },
}

/** What is known of the bearer token of a request, by the SHA-256 (hex) of tokens. */
export function tokenOf<T>(req: IncomingMessage, known: ReadonlyMap<string, T>): T | undefined {
  const token = bearerToken(req)
  if (token === undefined) return undefined
  const digest = createHash('sha256').update(token).digest()
  // All of them, each in constant time: how long it takes tells nothing about which digest comes near.
  const matches = [...known].filter(([expected]) =>
    timingSafeEqual(Buffer.from(expected, 'hex'), digest),
  )
  return matches[0]?.[1]
}

/** Authentication by bearer tokens of which only digests are known (`readTokenFile`). */
export function tokenAuth(principals: ReadonlyMap<string, Principal>): Authenticator {
  return {
    open: false,
    documents: new Map(),
    async authenticate(req: IncomingMessage) {
      const principal = tokenOf(req, principals)
      return principal === undefined ? refusedToken : { principal }
    },
  }
}
