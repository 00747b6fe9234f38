import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type {
  LoggingLevel,
  ServerNotification,
  ServerRequest,
} from '@modelcontextprotocol/sdk/types.js'
import type { FastMCPSession } from 'fastmcp'
import type { CallContext } from '../surface/call.ts'
import type { Principal } from '../surface/principal.ts'
import { peerOf } from './peer.ts'

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

/** The SDKs' shape of who is behind a request. */
export type Carried = {
  token: string
  clientId: string
  scopes: string[]
  extra: { principal: Principal }
}

/** Where a principal travels with a request through the SDKs. Its token does not: nothing behind here may pass it on. */
export function carriedBy(principal: Principal): Carried {
  return { token: '', clientId: principal.key, scopes: [...principal.scopes], extra: { principal } }
}

/**
 * Who makes this request. Of a session over HTTP every request is authenticated, and a later token may be good for less
 * than the one the session was opened with: the request's own counts.
 */
export function principalOf({ authInfo }: Extra, opener: Principal): Principal {
  return (authInfo?.extra?.principal as Principal | undefined) ?? opener
}

export function contextOf(
  session: FastMCPSession<Record<string, unknown>>,
  extra: Extra,
  principal: Principal,
  protocol: string | undefined,
): CallContext {
  const { server } = session
  const meta = extra._meta ?? {}
  const { progressToken } = meta
  return {
    principal,
    peer: peerOf({
      era: 'legacy',
      protocol,
      info: server.getClientVersion(),
      capabilities: server.getClientCapabilities(),
    }),
    signal: extra.signal,
    meta,
    answers: undefined,
    async progress(step) {
      if (progressToken === undefined) return
      await extra.sendNotification({
        method: 'notifications/progress',
        params: { progressToken, ...step },
      })
    },
    async log(level, data, logger) {
      if (levels.indexOf(level) < levels.indexOf(session.loggingLevel)) return
      await extra.sendNotification({
        method: 'notifications/message',
        params: { level, data, ...(logger !== undefined && { logger }) },
      })
    },
  }
}

const levels: readonly LoggingLevel[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
]
