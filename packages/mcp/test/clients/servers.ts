import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { onTestFinished } from 'vitest'

/** A server on a port of its own, and the requests that it got. */
export type Running = { origin: string; requests: IncomingMessage[] }

export async function serve(listener: RequestListener): Promise<Running> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}

/** Both eras at /mcp, by the SDK that speaks 2026-07-28. With a token, only for who has it. */
export function bothEras(token?: string): Promise<Running> {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'both', version: '2.0.0' })
    for (const name of ['one', 'two']) {
      server.registerTool(name, { description: name }, async () => ({ content: [] }))
    }
    return server
  })
  const node = toNodeHandler(handler)
  return serve((request, response) => {
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end()
    } else if (request.url?.startsWith('/mcp')) {
      void node(request as Parameters<typeof node>[0], response)
    } else {
      response.writeHead(404).end()
    }
  })
}

function oldServer(): OldServer {
  const server = new OldServer({ name: 'old', version: '1.0.0' })
  server.registerTool('one', { description: 'one' }, async () => ({ content: [] }))
  return server
}

/** Sessions of 2025-11-25 at /mcp, by the older SDK. */
export function legacyOnly(): Promise<Running> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  return serve(async (request, response) => {
    const id = request.headers['mcp-session-id']
    let transport = typeof id === 'string' ? sessions.get(id) : undefined
    if (transport === undefined) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (session) => void sessions.set(session, made),
      })
      transport = made
      await oldServer().connect(made as Transport)
    }
    await transport.handleRequest(request, response)
  })
}

/** HTTP with SSE, as before 2025-03-26, at /sse alone. */
export function sseOnly(): Promise<Running> {
  const sessions = new Map<string, SSEServerTransport>()
  return serve(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (request.method === 'GET' && url.pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response)
      sessions.set(transport.sessionId, transport)
      await oldServer().connect(transport)
    } else if (request.method === 'POST' && url.pathname === '/messages') {
      const transport = sessions.get(url.searchParams.get('sessionId') ?? '')
      if (transport === undefined) response.writeHead(404).end()
      else await transport.handlePostMessage(request, response)
    } else {
      response.writeHead(405).end()
    }
  })
}

/** An address that nobody listens on. */
export async function nobody(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}
