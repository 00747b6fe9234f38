import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { afterEach, expect } from 'vitest'
import {
  type Authenticator,
  type HttpOptions,
  type HttpServer,
  type McpTool,
  type Principal,
  type Surface,
  serveHttp,
} from '../../src/index.ts'

const open: (() => Promise<unknown>)[] = []

/** Closes it after the test, the last one first. */
export function closing(close: () => Promise<unknown>): void {
  open.push(close)
}

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** What becomes so in the end: the limit is far off, for machines that are busy. */
export const eventually = <T>(what: () => T | Promise<T>) => expect.poll(what, { timeout: 30_000 })

export const info = { name: 'test', version: '1.0.0' } as const

export async function serve(
  surface: Surface,
  options: Partial<HttpOptions> = {},
): Promise<HttpServer> {
  const server = await serveHttp(surface, { info, port: 0, ...options })
  closing(() => server.close())
  return server
}

export function tool(name: string, call: McpTool['call'], more: Partial<McpTool> = {}): McpTool {
  const inputSchema = { type: 'object', properties: {} }
  return { name, description: name, inputSchema, ...more, call }
}

export function said(text: string) {
  return { kind: 'result' as const, result: { content: [{ type: 'text' as const, text }] } }
}

/** Tells who calls it. */
export const whoami = tool('whoami', async (_input, { principal }) =>
  said(`${principal.key} ${principal.scopes.join(' ')}`),
)

export function person(name: string, scopes: Principal['scopes'] = ['call']): Principal {
  const subject = { type: 'user' as const, id: name }
  return { key: `test|${name}`, subject, tenant: 'default', scopes, reviewer: null }
}

/** Tokens that stand for principals, and nothing else. */
export function tokens(principals: Record<string, Principal>): Authenticator {
  return {
    open: false,
    documents: new Map(),
    async authenticate({ headers }) {
      const token = headers.authorization?.replace('Bearer ', '') ?? ''
      const principal = Object.hasOwn(principals, token) ? principals[token] : undefined
      if (principal !== undefined) return { principal }
      return { challenge: { status: 401, headers: {}, message: 'Who are you?' } }
    },
  }
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

export type Raw = {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** Sends the head and this much of a body, and does not end the request. */
  unfinished?: string
}

export type Answer = { status: number; headers: IncomingHttpHeaders; text: string }

/** A request as it is, with whatever `Host` and framing. Answers when the answer is over. */
export async function raw({ port }: HttpServer, options: Raw): Promise<Answer> {
  const { method = 'POST', path = '/mcp', headers = {}, body, unfinished } = options
  const accept = 'application/json, text/event-stream'
  const req = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    agent: false,
    headers: { accept, 'content-type': 'application/json', ...headers },
  })
  if (unfinished === undefined) req.end(body)
  else {
    req.flushHeaders()
    if (unfinished !== '') req.write(unfinished)
  }
  const [res] = await once(req, 'response')
  let text = ''
  res.setEncoding('utf8')
  for await (const chunk of res) text += chunk
  req.destroy()
  return { status: res.statusCode, headers: res.headers, text }
}

export type Stream = { text: () => string; response: IncomingMessage }

/** Opens a stream, and reads it as it comes, to the end of the test. */
export async function stream(
  { port }: HttpServer,
  { method, headers, body }: { method: string; headers: Record<string, string>; body?: string },
): Promise<Stream> {
  const accept = 'application/json, text/event-stream'
  const type = { accept, 'content-type': 'application/json' }
  const options = { host: '127.0.0.1', port, path: '/mcp', agent: false }
  const req = request({ ...options, method, headers: { ...type, ...headers } })
  req.end(body)
  closing(async () => req.destroy())
  const [response] = await once(req, 'response')
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
  })
  response.on('error', () => {})
  return { text: () => text, response }
}

/** The message in an answer that may be JSON or one event of a stream. */
export function message({ text }: Answer) {
  const data = /^data: (.+)$/m.exec(text.replaceAll(/^data: $/gm, ''))?.[1]
  return JSON.parse(data ?? text)
}

export const rpc = (method: string, params: object = {}, id: number | null = 1) =>
  JSON.stringify({ jsonrpc: '2.0', ...(id !== null && { id }), method, params })

export const initialize = rpc('initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
})

/** Opens a session and answers its id. */
export async function openSession(
  server: HttpServer,
  headers: Record<string, string> = {},
  path = '/mcp',
): Promise<string> {
  const answer = await raw(server, { path, headers, body: initialize })
  const id = answer.headers['mcp-session-id']
  if (typeof id !== 'string') throw new Error(`no session: ${answer.status} ${answer.text}`)
  return id
}

/** A request of the modern era, with the headers it needs. */
export function modern(
  method: string,
  params: Record<string, unknown> = {},
  capabilities: object = {},
  id = 1,
): { headers: Record<string, string>; body: string } {
  const name = params.name ?? params.uri ?? params.taskId
  return {
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
    body: rpc(
      method,
      {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': capabilities,
          'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
        },
      },
      id,
    ),
  }
}

export type Way = 'modern' | 'legacy' | 'sse'
export type AnyClient = Pick<Client, 'listTools' | 'callTool' | 'close'>

/** A real client of an SDK, in one era over one transport. */
export async function connect(
  { url }: HttpServer,
  way: Way,
  { path = '/mcp', token }: { path?: string; token?: string } = {},
): Promise<AnyClient> {
  const address = new URL(path, url)
  const requestInit = { headers: token === undefined ? {} : bearer(token) }
  if (way === 'modern') {
    const client = new Client(
      { name: 'test', version: '1' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    )
    await client.connect(new StreamableHTTPClientTransport(address, { requestInit }))
    closing(() => client.close())
    return client
  }
  const client = new LegacyClient({ name: 'test', version: '1' })
  const transport =
    way === 'sse'
      ? new SSEClientTransport(address, { requestInit })
      : new LegacyTransport(address, { requestInit })
  await client.connect(transport as Transport)
  closing(() => client.close())
  return client as unknown as AnyClient
}
