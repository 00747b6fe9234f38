import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { onTestFinished } from 'vitest'
import { newWords, v1Server } from './fixtures/v1-server.ts'
import { v2Listener } from './fixtures/v2-http.ts'

export type HttpFixture = {
  url: string
  /** The headers of every request it got. */
  seen: IncomingMessage['headers'][]
  /** Ends all connections; new ones are taken. */
  cut(): Promise<void>
  stop(): Promise<void>
}

/** Listens on a free port of the loopback; closed when the test ends. */
async function listen(path: string, handle: RequestListener, port = 0): Promise<HttpFixture> {
  const seen: IncomingMessage['headers'][] = []
  const server = createServer((request, response) => {
    seen.push(request.headers)
    handle(request, response)
  })
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
  const stop = async () => {
    server.closeAllConnections()
    await new Promise<void>((done) => server.close(() => done()))
  }
  onTestFinished(stop)
  const { port: bound } = server.address() as AddressInfo
  const cut = async () => server.closeAllConnections()
  return { url: `http://127.0.0.1:${bound}${path}`, seen, cut, stop }
}

/** A server of 2026-07-28. */
export function modernServer(port?: number): Promise<HttpFixture> {
  return listen('/mcp', v2Listener(), port)
}

function oneTool(answer: () => Promise<string>): Server {
  const server = new Server({ name: 'old', version: '1.0.0' }, { capabilities: { tools: {} } })
  const inputSchema = { type: 'object' as const }
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: 'old', inputSchema }],
  }))
  server.setRequestHandler(CallToolRequestSchema, async () => ({
    content: [{ type: 'text', text: await answer() }],
  }))
  return server
}

/** Streamable HTTP of before 2026, one session a client. */
function sessionful(newServer: () => Server, port?: number): Promise<HttpFixture> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  return listen(
    '/mcp',
    async (request, response) => {
      const id = request.headers['mcp-session-id']
      let transport = typeof id === 'string' ? sessions.get(id) : undefined
      if (transport === undefined) {
        if (id !== undefined) return void response.writeHead(404).end()
        const fresh = new StreamableHTTPServerTransport({
          sessionIdGenerator: () => crypto.randomUUID(),
          onsessioninitialized: (session) => void sessions.set(session, fresh),
        })
        transport = fresh
        await newServer().connect(fresh as Parameters<Server['connect']>[0])
      }
      await transport.handleRequest(request, response)
    },
    port,
  )
}

/** One tool over Streamable HTTP. */
export function legacyServer(
  answer: () => Promise<string> = async () => 'streamable',
  port?: number,
): Promise<HttpFixture> {
  return sessionful(() => oneTool(answer), port)
}

type V1Fixture = HttpFixture & {
  effects: string[]
  said: ReturnType<typeof newWords>
  /** Tells its clients that the tools are others, and waits until they have heard it. */
  changed(): Promise<void>
}

/** The server of the fixture in this process, over Streamable HTTP; its effects are lines of `effects`. */
export async function v1HttpServer(): Promise<V1Fixture> {
  const effects: string[] = []
  const said = newWords()
  const open: Server[] = []
  let cut = async () => {}
  const fixture = await sessionful(() => {
    const server = v1Server({
      effect: (what) => effects.push(what),
      die: () => cut(),
      garbage: () => {},
      said,
    })
    open.push(server)
    return server
  })
  cut = fixture.cut
  const changed = async () => {
    for (const server of open) {
      await server.sendToolListChanged().catch(() => {})
      // The probe of a client opens a session of its own, in which nobody listens.
      if (server.getClientVersion() !== undefined) await server.ping().catch(() => {})
    }
  }
  return { ...fixture, effects, said, changed }
}

/** HTTP+SSE of 2024: all that its server knows. */
export async function sseServer(): Promise<HttpFixture> {
  const sessions = new Map<string, SSEServerTransport>()
  return listen('/sse', async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (request.method === 'GET' && pathname === '/sse') {
      const transport = new SSEServerTransport('/messages', response)
      sessions.set(transport.sessionId, transport)
      return oneTool(async () => 'sse').connect(transport)
    }
    const transport = sessions.get(searchParams.get('sessionId') ?? '')
    if (pathname === '/messages' && transport) return transport.handlePostMessage(request, response)
    response.writeHead(request.method === 'POST' ? 405 : 404).end()
  })
}

/** Answers every request with a body that never ends, of `type`. `sent` counts its bytes. */
export async function endlessServer(type: string): Promise<HttpFixture & { sent: () => number }> {
  let sent = 0
  const fixture = await listen('/mcp', (_request, response) => {
    response.writeHead(200, { 'content-type': type })
    response.write(type === 'text/event-stream' ? 'data: ' : '"')
    const more = () => {
      if (response.destroyed) return
      sent += 65_536
      if (response.write('x'.repeat(65_536))) setImmediate(more)
      else response.once('drain', more)
    }
    more()
  })
  return { ...fixture, sent: () => sent }
}
