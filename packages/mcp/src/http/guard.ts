import type { IncomingMessage } from 'node:http'
import { localhostAllowedHostnames, validateHostHeader } from '@modelcontextprotocol/server'

/** Who may call at all, before anything of a request is read but its head. */
export interface Guard {
  /** Why this request is refused; undefined lets it pass. */
  refusal(req: IncomingMessage): string | undefined
  /** The request's origin, where there is one and it is allowed: what CORS may answer. */
  allowedOrigin(req: IncomingMessage): string | undefined
}

export type GuardOptions = {
  /** Host names, beside the loopback ones, under which the server is called; without a port. */
  allowHosts: readonly string[]
  /** Origins, such as `https://app.example`, beside loopback ones, whose pages may call. */
  allowOrigins: readonly string[]
}

/**
 * Against DNS rebinding: a page of a foreign name that resolves to this machine sends that name as `Host`, and its own
 * origin. Names are compared without a port, origins whole; loopback origins may have any port.
 */
export function createGuard({ allowHosts, allowOrigins }: GuardOptions): Guard {
  const loopback = localhostAllowedHostnames()
  const hosts = [...loopback, ...allowHosts.map((host) => host.toLowerCase())]
  const origins = new Set(allowOrigins.map((origin) => origin.toLowerCase()))
  const isAllowed = (origin: string): boolean =>
    origins.has(origin.toLowerCase()) || isLoopback(origin, loopback)
  return {
    refusal(req) {
      if (hostCount(req) !== 1 || !validateHostHeader(req.headers.host, hosts).ok)
        return 'This server is not called by that Host. Allow the name with --allow-host.'
      const { origin } = req.headers
      // Of repeated ones Node makes one that is no origin at all.
      if (origin !== undefined && !isAllowed(origin))
        return 'Pages of that Origin may not call this server. Allow it with --allow-origin.'
      return undefined
    },
    allowedOrigin: ({ headers: { origin } }) =>
      origin !== undefined && isAllowed(origin) ? origin : undefined,
  }
}

/** Node keeps the first of repeated ones; a proxy may have judged by another. */
function hostCount({ rawHeaders }: IncomingMessage): number {
  return rawHeaders.filter((raw, index) => index % 2 === 0 && raw.toLowerCase() === 'host').length
}

function isLoopback(origin: string, loopback: readonly string[]): boolean {
  try {
    const { protocol, hostname } = new URL(origin)
    return (protocol === 'http:' || protocol === 'https:') && loopback.includes(hostname)
  } catch {
    return false
  }
}
