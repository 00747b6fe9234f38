import { expect, test } from 'vitest'
import { initialize, message, openSession, raw, rpc, said, serve, tool } from './serving.ts'

const seen: unknown[] = []
const surface = {
  tools: () => [
    tool('take', async (input) => {
      seen.push(input)
      return said('taken')
    }),
  ],
}

test('a body that says it is too large is refused before it has come', async () => {
  const server = await serve(surface)
  const headers = { 'content-length': String(4 * 1024 * 1024 + 1) }
  expect(await raw(server, { headers, unfinished: '{' })).toMatchObject({ status: 413 })
})

test('a body that turns out too large is refused while it comes', async () => {
  const server = await serve(surface, { maxBodyBytes: 1000 })
  const headers = { 'transfer-encoding': 'chunked' }
  expect(await raw(server, { headers, unfinished: 'x'.repeat(1001) })).toMatchObject({
    status: 413,
  })
})

test('a body that does not end is refused', async () => {
  const server = await serve(surface, { bodyTimeoutMs: 50 })
  const headers = { 'content-length': '100' }
  expect(await raw(server, { headers, unfinished: '{"jsonrpc":' })).toMatchObject({ status: 408 })
})

test.each([
  ['no JSON', '{ broken'],
  ['nothing', ''],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
])('a body that is %s is a parse error', async (_name, body) => {
  const server = await serve(surface)
  const answer = await raw(server, { body })
  expect(answer.status).toBe(400)
  expect(message(answer).error.code).toBe(-32700)
})

test('a body that is no JSON-RPC is refused', async () => {
  const server = await serve(surface)
  for (const body of ['null', '1', '[]', '{}', '"initialize"', '[1]'])
    expect((await raw(server, { body })).status, body).toBe(400)
})

test('a body of another type is refused', async () => {
  const server = await serve(surface)
  const headers = { 'content-type': 'text/plain' }
  expect((await raw(server, { headers, body: initialize })).status).toBe(415)
})

test('a body that is nested too deep is refused before anybody walks it', async () => {
  const server = await serve(surface)
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"take","arguments":{"a":${deep}}}}`
  const answer = await raw(server, { body })
  expect(answer.status).toBe(400)
  expect(message(answer).error.code).toBe(-32600)
})

test('an input that is nested deeper than a tool takes is refused, in a body that may be deeper', async () => {
  const server = await serve(surface)
  const headers = { 'mcp-session-id': await openSession(server) }
  seen.length = 0
  for (const [depth, taken] of [
    [60, 1],
    [70, 0],
  ] as const) {
    const deep = '['.repeat(depth) + ']'.repeat(depth)
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"take","arguments":{"a":${deep}}}}`
    const answer = await raw(server, { headers, body })
    expect(answer.status).toBe(200)
    expect(seen.splice(0)).toHaveLength(taken)
    expect(answer.text.includes('LELU_MCP_INPUT_INVALID')).toBe(taken === 0)
  }
})

test('a key that would set a prototype is refused, wherever it is', async () => {
  const server = await serve(surface)
  const session = await openSession(server)
  const headers = { 'mcp-session-id': session }
  seen.length = 0
  for (const input of ['{"__proto__":{"a":1}}', '{"a":[{"__proto__":1}]}']) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"take","arguments":${input}}}`
    expect((await raw(server, { headers, body })).status).toBe(400)
  }
  expect(seen).toEqual([])
})

test('a batch has at most a hundred messages', async () => {
  const server = await serve(surface)
  const session = await openSession(server)
  const send = async (length: number) => {
    const body = `[${Array.from({ length }, (_, id) => rpc('ping', {}, id)).join(',')}]`
    return (await raw(server, { headers: { 'mcp-session-id': session }, body })).status
  }
  expect(await send(100)).toBe(200)
  expect(await send(101)).toBe(400)
})

test('a server goes on after all of that', async () => {
  const server = await serve(surface, { bodyTimeoutMs: 50 })
  await raw(server, { body: '{' })
  await raw(server, { headers: { 'content-length': '9' }, unfinished: '' })
  expect((await raw(server, { body: initialize })).status).toBe(200)
})
