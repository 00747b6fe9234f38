import type { IncomingMessage, ServerResponse } from 'node:http'

const requestHeaders = [
  'authorization',
  'content-type',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
]
const requestHeader = /^mcp-param-[a-z0-9-]{1,64}$/

/** Lets the pages of an allowed origin read answers. Others get no CORS header at all, and never `*`. */
export function allowOrigin(res: ServerResponse, origin: string | undefined): void {
  res.setHeader('vary', 'Origin')
  if (origin === undefined) return
  res.setHeader('access-control-allow-origin', origin)
  res.setHeader('access-control-expose-headers', 'Mcp-Session-Id, WWW-Authenticate')
}

/** Answers a preflight. */
export function answerPreflight(req: IncomingMessage, res: ServerResponse): void {
  const wanted = (req.headers['access-control-request-headers'] ?? '').toLowerCase().split(',')
  const repeated = wanted.map((name) => name.trim()).filter((name) => requestHeader.test(name))
  res.setHeader('access-control-allow-methods', 'GET, POST, DELETE')
  res.setHeader('access-control-allow-headers', [...requestHeaders, ...repeated].join(', '))
  res.setHeader('access-control-max-age', '600')
  res.writeHead(204).end()
}
