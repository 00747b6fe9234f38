import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import type { Authenticator } from '../auth/authenticator.ts'
import { noAuth } from '../auth/no-auth.ts'
import { type Log, silent } from '../eras/log.ts'
import { defaultAskMs, type ServerInfo } from '../eras/options.ts'
import { LeluMcpError } from '../errors.ts'

/** How `serveHttp` listens, and whom it lets in. Times in milliseconds; only `info` has no default. */
export type HttpOptions = {
  /** How the server names itself to clients. */
  info: ServerInfo
  /** The address to listen on. Default `127.0.0.1`; one that is not loopback needs authentication, or `insecure`. */
  host?: string
  /** Default 3003; 0 takes a free one. */
  port?: number
  /** Who is behind a request. Default `noAuth()`. */
  auth?: Authenticator
  /** Host names, beside loopback ones and `host` itself, under which the server is called; without a port. */
  allowHosts?: readonly string[]
  /** Origins, such as `https://app.example`, whose pages may call, beside loopback ones. */
  allowOrigins?: readonly string[]
  /** Listens without authentication where others can reach it. Default false. */
  insecure?: boolean
  /**
   * At least 32 random bytes that seal what clients carry between the rounds of a call: the same for all replicas, and
   * after a restart. Default random: a question asked before a restart then has to be asked again.
   */
  stateKey?: Uint8Array
  log?: Log
  /** Of `/ready`. Default: always. */
  ready?: () => boolean | Promise<boolean>
  /** Of each of the two transports that have sessions. Default 1000. */
  maxSessions?: number
  /** Default 30 min. */
  sessionIdleMs?: number
  /** Default 4 MiB. */
  maxBodyBytes?: number
  /** How long a body may take to arrive. Default 15 s. */
  bodyTimeoutMs?: number
  /** How long the questions of one call may take on a connection of the legacy era. Default and most 25 s. */
  askMs?: number
}

export type CheckedOptions = Required<HttpOptions>

/** Throws `LELU_MCP_OPTIONS_INVALID` or `LELU_MCP_BIND_REFUSED` with what to do. */
export function checkHttpOptions(options: HttpOptions): CheckedOptions {
  const checked: CheckedOptions = {
    host: '127.0.0.1',
    port: 3003,
    auth: noAuth(),
    allowHosts: [],
    allowOrigins: [],
    insecure: false,
    stateKey: randomBytes(32),
    log: silent,
    ready: () => true,
    maxSessions: 1000,
    sessionIdleMs: 30 * 60_000,
    maxBodyBytes: 4 * 1024 * 1024,
    bodyTimeoutMs: 15_000,
    askMs: defaultAskMs,
    ...options,
  }
  const { host, auth, insecure, allowHosts, allowOrigins, stateKey, askMs } = checked
  if (stateKey.byteLength < 32)
    throw invalid('The state key has less than 32 bytes.', 'Pass 32 random bytes or more.')
  if (!(askMs > 0 && askMs <= defaultAskMs))
    throw invalid('`askMs` must be between 1 and 25000.', 'Leave it out for the default.')
  const badHost = allowHosts.find((name) => !/^([a-z0-9.-]+|\[[0-9a-f:.]+\])$/i.test(name))
  if (badHost !== undefined)
    throw invalid('An allowed host is no host name.', 'Give the name alone, such as lelu.example.')
  if (allowOrigins.some((origin) => !isOrigin(origin)))
    throw invalid(
      'An allowed origin is no origin.',
      'Give scheme, host and port, such as https://app.example.',
    )
  if (auth.open && !insecure && !isLoopback(host))
    throw new LeluMcpError(
      'LELU_MCP_BIND_REFUSED',
      `The address ${host} can be reached by others, and nobody would have to say who they are.`,
      { help: 'Use authentication, listen on 127.0.0.1, or pass --insecure if a proxy does it.' },
    )
  return checked
}

function invalid(message: string, help: string): LeluMcpError {
  return new LeluMcpError('LELU_MCP_OPTIONS_INVALID', message, { help })
}

function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text.toLowerCase()
  } catch {
    return false
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** A bound address that is an IP cannot be rebound by a name, so it is allowed as a `Host` too. */
export function hostNames({ host, allowHosts }: CheckedOptions): string[] {
  const family = isIP(host)
  if (family === 0) return [...allowHosts, host]
  return [...allowHosts, family === 6 ? `[${host}]` : host]
}
