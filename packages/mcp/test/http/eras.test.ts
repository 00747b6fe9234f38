import { expect, test } from 'vitest'
import type { McpTool, Surface } from '../../src/index.ts'
import {
  connect,
  message,
  modern,
  openSession,
  raw,
  rpc,
  said,
  serve,
  tool,
  whoami,
} from './serving.ts'

const rich: McpTool = {
  ...tool('rich', async () => said('rich')),
  title: 'Rich',
  description: 'Has everything a tool can have.',
  inputSchema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { at: { $ref: '#/$defs/at' } },
    $defs: { at: { type: 'string', minLength: 1 } },
  },
  outputSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
  annotations: { title: 'Rich', readOnlyHint: true, openWorldHint: false },
  meta: { 'example.org/kept': { deep: [1, 2] } },
}

const surface: Surface = {
  tools: () => [whoami, rich, tool('Zed', rich.call), tool('abc', rich.call)],
}

test('tools/list is the same in both eras, over every transport and at both addresses', async () => {
  const server = await serve(surface)
  const ways = [
    ['modern', '/mcp'],
    ['modern', '/sse'],
    ['legacy', '/mcp'],
    ['legacy', '/sse'],
    ['sse', '/sse'],
  ] as const
  const lists = await Promise.all(
    ways.map(
      async ([way, path]) => (await (await connect(server, way, { path })).listTools()).tools,
    ),
  )
  const [first] = lists
  expect(first?.map(({ name }) => name)).toEqual(['whoami', 'rich', 'Zed', 'abc'])
  expect(first?.[1]).toMatchObject({
    title: 'Rich',
    inputSchema: rich.inputSchema,
    outputSchema: rich.outputSchema,
    annotations: rich.annotations,
    _meta: rich.meta,
  })
  for (const list of lists) expect(list).toEqual(first)
})

test('a call answers the same in both eras, over every transport', async () => {
  const server = await serve(surface)
  for (const way of ['modern', 'legacy', 'sse'] as const) {
    const client = await connect(server, way, { path: '/sse' })
    const { content } = await client.callTool({ name: 'whoami', arguments: {} })
    expect(content).toEqual([{ type: 'text', text: 'local call audit:read' }])
  }
})

test('a tool that came or went is there, or not, for sessions that are open', async () => {
  let tools = [whoami]
  const server = await serve({ tools: () => tools })
  const client = await connect(server, 'legacy')
  expect((await client.listTools()).tools).toHaveLength(1)
  tools = [whoami, rich]
  expect((await client.listTools()).tools).toHaveLength(2)
  tools = []
  await expect(client.callTool({ name: 'whoami', arguments: {} })).rejects.toThrow(/no such tool/)
})

test('an output schema that is not of an object does not make a legacy client refuse the list', async () => {
  const odd = { ...rich, outputSchema: { type: 'array' } }
  const server = await serve({ tools: () => [odd] })
  expect((await (await connect(server, 'legacy')).listTools()).tools).toHaveLength(1)
  expect((await (await connect(server, 'modern')).listTools()).tools[0]).toMatchObject({
    outputSchema: { type: 'array' },
  })
})

test('an opening is answered at once: nothing waits for the session to be ready', async () => {
  const server = await serve(surface)
  // Stock fastmcp waits for a second before the first request. Forty of these would take it longer than a test may.
  for (let n = 0; n < 40; n += 1) await openSession(server)
})

test.each([
  ['another method', { 'mcp-method': 'tools/list' }],
  ['another name', { 'mcp-name': 'rich' }],
  ['another revision', { 'mcp-protocol-version': '2025-11-25' }],
])('a modern request whose headers name %s than its body is refused', async (_what, headers) => {
  const server = await serve(surface)
  const request = modern('tools/call', { name: 'whoami', arguments: {} })
  const answer = await raw(server, { ...request, headers: { ...request.headers, ...headers } })
  expect(answer.status).toBe(400)
  expect(message(answer).error.code).toBe(-32020)
})

test('a modern request whose parameter header differs from its argument is refused', async () => {
  const routed = tool('routed', async () => said('routed'), {
    inputSchema: {
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': 'Region' } },
    },
  })
  const server = await serve({ tools: () => [routed] })
  const request = modern('tools/call', { name: 'routed', arguments: { region: 'eu' } })
  const send = async (region: string) => {
    const headers = { ...request.headers, 'mcp-param-region': region }
    return (await raw(server, { ...request, headers })).status
  }
  expect(await send('eu')).toBe(200)
  expect(await send('us')).toBe(400)
})

test('an unknown method of the modern era is not found', async () => {
  const server = await serve(surface)
  for (const method of ['initialize', 'nothing/here', 'constructor', 'tasks/get'])
    expect((await raw(server, modern(method, { taskId: 'x' }))).status, method).toBe(404)
})

test('a client is told that its connection is kept while it thinks', async () => {
  const server = await serve(surface)
  const answer = await fetch(new URL('/health', server.url))
  expect(answer.headers.get('keep-alive')).toBe('timeout=65')
})

test('health and readiness are told without a token', async () => {
  let isReady = false
  const ready = () => {
    if (!isReady) throw new Error('the store is away')
    return true
  }
  const server = await serve(surface, { ready })
  expect((await raw(server, { method: 'GET', path: '/health' })).status).toBe(200)
  expect((await raw(server, { method: 'GET', path: '/ready' })).status).toBe(503)
  isReady = true
  expect((await raw(server, { method: 'GET', path: '/ready' })).status).toBe(200)
  expect((await raw(server, { path: '/health', body: rpc('ping') })).status).toBe(405)
})
