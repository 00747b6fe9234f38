import { once } from 'node:events'
import { request } from 'node:http'
import { expect, test } from 'vitest'
import type { HttpServer } from '../../src/index.ts'
import {
  bearer,
  closing,
  connect,
  eventually,
  initialize,
  person,
  raw,
  serve,
  tokens,
  whoami,
} from './serving.ts'

const surface = { tools: () => [whoami] }
const auth = tokens({ alice: person('alice'), bob: person('bob') })

/** Opens a stream and answers the address that it is told to post to. */
async function openStream(
  { port }: HttpServer,
  headers: Record<string, string>,
): Promise<{ path: string; text: () => string }> {
  const req = request({ host: '127.0.0.1', port, path: '/sse', headers, agent: false })
  req.end()
  closing(async () => req.destroy())
  const [res] = await once(req, 'response')
  let text = ''
  res.setEncoding('utf8')
  res.on('data', (chunk: string) => {
    text += chunk
  })
  res.on('error', () => {})
  await once(res, 'data')
  return { path: /^data: (.+)$/m.exec(text)?.[1] ?? '', text: () => text }
}

test('a message without a token does not run as whoever opened the stream', async () => {
  const server = await serve(surface, { auth })
  const { path, text } = await openStream(server, bearer('alice'))
  expect(path).toMatch(/^\/messages\?sessionId=/)
  expect((await raw(server, { path, body: initialize })).status).toBe(401)
  expect(text()).not.toContain('protocolVersion')
})

test('a message of another principal does not reach the stream', async () => {
  const server = await serve(surface, { auth })
  const { path, text } = await openStream(server, bearer('alice'))
  const foreign = await raw(server, { path, headers: bearer('bob'), body: initialize })
  const none = await raw(server, {
    path: '/messages?sessionId=none',
    headers: bearer('bob'),
    body: initialize,
  })
  expect(foreign.status).toBe(404)
  expect(foreign.text).toBe(none.text)
  expect(
    (await raw(server, { path: '/messages', headers: bearer('bob'), body: '{}' })).status,
  ).toBe(404)
  expect(text()).not.toContain('protocolVersion')

  const own = await raw(server, { path, headers: bearer('alice'), body: initialize })
  expect(own.status).toBe(202)
  await eventually(text).toContain('protocolVersion')
})

test('the id of a stream opens nothing at the other endpoints, nor the other way round', async () => {
  const server = await serve(surface, { auth })
  const { path } = await openStream(server, bearer('alice'))
  const id = new URL(path, server.url).searchParams.get('sessionId') ?? ''
  const headers = { ...bearer('alice'), 'mcp-session-id': id }
  expect((await raw(server, { headers, body: initialize })).status).toBe(404)
})

test('a stream needs a token', async () => {
  const server = await serve(surface, { auth })
  expect((await raw(server, { method: 'GET', path: '/sse' })).status).toBe(401)
})

test('a stream that ends takes its session with it', async () => {
  const server = await serve(surface, { auth, maxSessions: 1 })
  const client = await connect(server, 'sse', { path: '/sse', token: 'alice' })
  expect((await client.listTools()).tools).toHaveLength(1)
  const full = await raw(server, { method: 'GET', path: '/sse', headers: bearer('bob') })
  expect(full.status).toBe(503)
  await client.close()
  await eventually(async () => {
    const stream = await openStream(server, bearer('bob')).catch(() => undefined)
    return stream?.path
  }).toMatch(/sessionId/)
})
