import type { IncomingMessage } from 'node:http'
import type { Carried } from '../eras/legacy-context.ts'
import type { Principal } from '../surface/principal.ts'

/** A request of somebody who is known. `auth` carries the principal through the SDKs. */
export type Known = {
  req: IncomingMessage & { auth?: Carried }
  principal: Principal
  /** When what proves it runs out, in epoch milliseconds. */
  expiresAt?: number | undefined
  /** Aborted when it is taken back. */
  revoked?: AbortSignal | undefined
}
