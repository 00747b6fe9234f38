import type { IncomingMessage } from 'node:http'
import type { Principal } from '../surface/principal.ts'

/** How a request without a valid identity is refused: the head of the answer, and a sentence for its body. */
export type Challenge = {
  status: 401 | 403 | 503
  headers: Readonly<Record<string, string>>
  message: string
}

/** Who is behind a request, or how it is refused. */
export type Verdict =
  | {
      principal: Principal
      /** When what proves it runs out, in epoch milliseconds: no stream of it stays open longer. */
      expiresAt?: number
      /** Aborted when it is taken back: the streams it opened end then. */
      revoked?: AbortSignal
    }
  | { challenge: Challenge }

/** Tells who is behind a request, from its head alone. Never throws: on any doubt it challenges. */
export interface Authenticator {
  authenticate(req: IncomingMessage): Promise<Verdict>
  /** Lets everybody in: only for addresses that nobody else can reach. */
  readonly open: boolean
  /** Documents that are there for everybody, by path, such as the metadata of the protected resource. */
  readonly documents: ReadonlyMap<string, object>
}

/** The bearer token of a request; undefined where there is none, or anything about the header is odd. */
export function bearerToken({ headers: { authorization } }: IncomingMessage): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i.exec(authorization ?? '')?.[1]
}
