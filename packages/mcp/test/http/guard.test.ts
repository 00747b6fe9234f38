import { connect as connectTcp } from 'node:net'
import { expect, test } from 'vitest'
import type { HttpServer } from '../../src/index.ts'
import { initialize, raw, serve, whoami } from './serving.ts'

const surface = { tools: () => [whoami] }

test.each([
  'evil.example',
  'evil.example:3003',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
])('a request for the foreign Host %s is refused', async (host) => {
  const server = await serve(surface)
  const answer = await raw(server, { headers: { host }, body: initialize })
  expect(answer.status).toBe(403)
  expect(answer.headers['mcp-session-id']).toBeUndefined()
})

test.each([
  'http://evil.example',
  'null',
  'https://localhost.evil.example',
  'file://localhost',
  'http://localhost@evil.example',
])('a request from a page of the foreign Origin %s is refused, without CORS', async (origin) => {
  const server = await serve(surface)
  const answer = await raw(server, { headers: { origin }, body: initialize })
  expect(answer.status).toBe(403)
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
})

test.each(['/health', '/ready', '/sse', '/messages?sessionId=x', '/nothing'])(
  'the guard stands before %s as well',
  async (path) => {
    const server = await serve(surface)
    const answer = await raw(server, { method: 'GET', path, headers: { host: 'evil.example' } })
    expect(answer.status).toBe(403)
  },
)

test('a foreign Host is refused before the body has come', async () => {
  const server = await serve(surface)
  const headers = { host: 'evil.example', 'content-length': '1000' }
  expect(await raw(server, { headers, unfinished: '' })).toMatchObject({ status: 403 })
})

/** The status of a request whose head is sent as it is written. */
async function statusOf(server: HttpServer, ...lines: string[]): Promise<string | undefined> {
  const socket = connectTcp(server.port, '127.0.0.1')
  socket.end(`${['POST /mcp HTTP/1.1', ...lines, 'content-length: 0'].join('\r\n')}\r\n\r\n`)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text.split(' ')[1]
}

test('two Hosts, or two Origins, are refused', async () => {
  const server = await serve(surface)
  expect(await statusOf(server, 'host: localhost', 'host: evil.example')).toMatch(/^40[03]$/)
  expect(await statusOf(server, 'host: evil.example', 'host: localhost')).toMatch(/^40[03]$/)
  const origins = ['origin: http://localhost', 'origin: http://evil.example']
  expect(await statusOf(server, 'host: localhost', ...origins)).toBe('403')
  expect(await statusOf(server, 'host: localhost', ...origins.reverse())).toBe('403')
})

test('an address that names a host of its own is refused', async () => {
  const server = await serve(surface)
  const answer = await raw(server, { path: 'http://evil.example/mcp', body: initialize })
  expect(answer.status).toBe(400)
})

test('a page of an allowed origin is told that it may read the answer', async () => {
  const server = await serve(surface, { allowOrigins: ['https://app.example'] })
  const origin = 'https://app.example'
  const answer = await raw(server, { headers: { origin }, body: initialize })
  expect(answer.status).toBe(200)
  expect(answer.headers['access-control-allow-origin']).toBe(origin)
  expect(answer.headers['access-control-expose-headers']).toContain('Mcp-Session-Id')
  const other = await raw(server, { headers: { origin: 'https://app.example:8443' } })
  expect(other.status).toBe(403)
})

test('a preflight allows the headers of the protocol, and no others', async () => {
  const server = await serve(surface)
  const answer = await raw(server, {
    method: 'OPTIONS',
    headers: {
      origin: 'http://localhost:5173',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'mcp-param-region, x-evil',
    },
  })
  expect(answer.status).toBe(204)
  const allowed = answer.headers['access-control-allow-headers']
  expect(allowed).toContain('mcp-session-id')
  expect(allowed).toContain('mcp-param-region')
  expect(allowed).not.toContain('x-evil')
})

test('an answer to no page carries no CORS header', async () => {
  const server = await serve(surface)
  const answer = await raw(server, { body: initialize })
  expect(answer.status).toBe(200)
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
})

test('a name that is allowed may be called, with any port', async () => {
  const server = await serve(surface, { allowHosts: ['lelu.example'] })
  const headers = { host: 'lelu.example:8080' }
  expect((await raw(server, { headers, body: initialize })).status).toBe(200)
})

test('an address that others reach is not listened on without authentication', async () => {
  await expect(serve(surface, { host: '0.0.0.0' })).rejects.toMatchObject({
    code: 'LELU_MCP_BIND_REFUSED',
  })
  await expect(serve(surface, { host: '::' })).rejects.toMatchObject({
    code: 'LELU_MCP_BIND_REFUSED',
  })
  const server = await serve(surface, { host: '0.0.0.0', insecure: true })
  expect((await raw(server, { method: 'GET', path: '/health' })).status).toBe(200)
})

test('options that would weaken the server by a mistake are refused', async () => {
  const refused = { code: 'LELU_MCP_OPTIONS_INVALID' }
  await expect(serve(surface, { stateKey: new Uint8Array(31) })).rejects.toMatchObject(refused)
  await expect(serve(surface, { askMs: 26_000 })).rejects.toMatchObject(refused)
  await expect(serve(surface, { allowHosts: ['*'] })).rejects.toMatchObject(refused)
  await expect(serve(surface, { allowOrigins: ['*'] })).rejects.toMatchObject(refused)
  await expect(serve(surface, { allowOrigins: ['app.example'] })).rejects.toMatchObject(refused)
})
