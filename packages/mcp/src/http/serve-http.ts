import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { modernHandler } from '../eras/modern-handler.ts'
import type { EraOptions } from '../eras/options.ts'
import { kindOf, rpcCodes } from '../eras/rpc-fault.ts'
import { LeluMcpError } from '../errors.ts'
import type { Surface } from '../surface/surface.ts'
import { createGuard } from './guard.ts'
import { refuse } from './json-answer.ts'
import { checkHttpOptions, type HttpOptions, hostNames } from './options.ts'
import { type Parts, route } from './route.ts'
import { createSessions } from './sessions.ts'

/** A server that listens. */
export interface HttpServer {
  /** Of the endpoint, such as `http://127.0.0.1:3003/mcp`. */
  readonly url: string
  readonly port: number
  /** Ends sessions and streams, and stops listening, within a second. */
  close(): Promise<void>
}

/**
 * Serves a surface over HTTP: Streamable HTTP of both eras at `/mcp` and `/sse`, HTTP+SSE at `GET /sse`. Throws
 * `LELU_MCP_BIND_REFUSED` for an address that others reach, without authentication, and `LELU_MCP_PORT_TAKEN`.
 */
export async function serveHttp(surface: Surface, options: HttpOptions): Promise<HttpServer> {
  const checked = checkHttpOptions(options)
  const { info, stateKey, log, askMs, maxSessions, sessionIdleMs, host, port } = checked
  const era: EraOptions = { surface, info, stateKey, log, askMs }
  const limits = { maxSessions, idleMs: sessionIdleMs }
  const parts: Parts = {
    options: checked,
    era,
    guard: createGuard({ allowHosts: hostNames(checked), allowOrigins: checked.allowOrigins }),
    modern: modernHandler(era),
    streamable: createSessions(limits),
    sse: createSessions(limits),
  }
  const stopListening = surface.onChange?.((change) => {
    parts.modern.changed(change)
    parts.streamable.changed(change)
    parts.sse.changed(change)
  })

  // A client that thinks between its calls keeps its connection. By Node's own 5 s it would open one for nearly each of
  // them, and now and then send one into a connection that is just being closed: many clients give up theirs at 5 s, too.
  const times = { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 65_000 }
  const server = createServer(times, (req, res) => {
    route(req, res, parts).catch((error: unknown) => {
      log('error', 'A request failed for a reason nobody foresaw.', { error: kindOf(error) })
      refuse(res, 500, 'The server could not answer this request.', { code: rpcCodes.internal })
    })
  })
  let closing: Promise<void> | undefined
  const close = async () => {
    stopListening?.()
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
    const ended = [parts.modern.close(), parts.streamable.close(), parts.sse.close()]
    await Promise.race([Promise.allSettled(ended), delay(500)])
    server.closeAllConnections()
    await stopped
  }
  try {
    await listen(server, host, port)
  } catch (error) {
    await close()
    throw error
  }
  const bound = (server.address() as AddressInfo).port
  const name = host.includes(':') ? `[${host}]` : host
  return {
    url: `http://${name}:${bound}/mcp`,
    port: bound,
    close: () => (closing ??= close()),
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portTaken(host, port, error) : error)
    })
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function portTaken(host: string, port: number, cause: Error): LeluMcpError {
  return new LeluMcpError('LELU_MCP_PORT_TAKEN', `Port ${port} of ${host} is taken.`, {
    help: 'Another server, perhaps another lelu-mcp, listens there. Stop it, or pass --port with another number; 0 takes a free one.',
    cause,
    details: { host, port },
  })
}
