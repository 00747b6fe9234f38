import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Principal } from '../surface/principal.ts'
import { type Authenticator, bearerToken, type Verdict } from './authenticator.ts'

const refused: Verdict = {
  challenge: {
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="lelu-mcp"' },
    message:
      'LELU_MCP_UNAUTHENTICATED: Send the token that the operator gave you as `Authorization: Bearer …`.',
  },
}

/** Authentication by bearer tokens of which only digests are known (`readTokenFile`). */
export function tokenAuth(principals: ReadonlyMap<string, Principal>): Authenticator {
  const known = [...principals].map(
    ([digest, principal]) => [Buffer.from(digest, 'hex'), principal] as const,
  )
  return {
    open: false,
    documents: new Map(),
    async authenticate(req: IncomingMessage) {
      const token = bearerToken(req)
      if (token === undefined) return refused
      const digest = createHash('sha256').update(token).digest()
      // All of them, each in constant time: how long it takes tells nothing about which digest comes near.
      const matches = known.filter(([expected]) => timingSafeEqual(expected, digest))
      const principal = matches[0]?.[1]
      return principal === undefined ? refused : { principal }
    },
  }
}
