import type { Subject } from '@lelu/engine'
import type { Principal } from '../surface/principal.ts'
import type { Authenticator } from './authenticator.ts'

/** Who everybody is that reaches the port. `tenant` is `default` by default. */
export type NoAuthOptions = {
  /** Who the policy sees. Default the agent `local`. */
  subject?: Subject
  tenant?: string
}

/** Whoever reaches the server, without a name of its own: it calls, and reads the log, and decides nothing. */
export function localPrincipal({ subject, tenant }: NoAuthOptions = {}): Principal {
  return {
    key: 'local',
    subject: subject ?? { type: 'agent', id: 'local' },
    tenant: tenant ?? 'default',
    scopes: ['call', 'audit:read'],
    reviewer: null,
  }
}

/** No authentication: for loopback addresses, where whoever reaches the port already runs on this machine. */
export function noAuth(options: NoAuthOptions = {}): Authenticator {
  const principal = localPrincipal(options)
  return { open: true, documents: new Map(), authenticate: async () => ({ principal }) }
}
