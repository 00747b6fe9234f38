import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { endlessServer, legacyServer, modernServer, sseServer } from './servers.ts'
import { fixtures, temporaryFolder, testGateway, textOf, until, v1Entry } from './support.ts'

const require = createRequire(import.meta.url)
const entryOf = (manifest: string) => join(dirname(manifest), 'dist', 'index.js')
const everything = entryOf(require.resolve('@modelcontextprotocol/server-everything/package.json'))
const filesystem = entryOf(require.resolve('@modelcontextprotocol/server-filesystem/package.json'))

/** A gateway over the fixture as a process of its own. */
async function overProcess(settings: { [name: string]: unknown } = {}) {
  const folder = temporaryFolder()
  return testGateway({ folder, servers: { v1: v1Entry(folder) }, settings })
}

test('a call reaches the server with exactly its input, and the result passes unchanged', async () => {
  const gateway = await overProcess()
  const said = JSON.parse(textOf(await gateway.call('v1__echo', { text: 'hi' })))
  expect(said.input).toEqual({ text: 'hi' })
  expect(said.meta['lelu/idempotencyKey']).toMatch(/^[\w-]+$/)
  expect(await gateway.call('v1__fail')).toEqual({
    content: [{ type: 'text', text: 'no such file' }],
    isError: true,
  })
  const typed = await gateway.call('v1__typed')
  expect(typed.structuredContent).toEqual({ other: true })
})

test('a server gets no answer to what it asks of the model, of roots, or of the person', async () => {
  const gateway = await testGateway()
  expect(textOf(await gateway.call('v1__model'))).toBe('refused')
  expect(textOf(await gateway.call('v1__roots'))).toBe('refused')
  expect(textOf(await gateway.call('v1__person'))).toContain('refused')
})

test('a child sees what the configuration gives it, and no token of ours', async () => {
  vi.stubEnv('LELU_TOKEN', 's3cret')
  vi.stubEnv('OPENAI_API_KEY', 's3cret')
  try {
    const gateway = await overProcess()
    const names: string[] = JSON.parse(textOf(await gateway.call('v1__env')))
    expect(names).toContain('PATH')
    expect(names).toContain('LOG')
    expect(names).not.toContain('LELU_TOKEN')
    expect(names).not.toContain('OPENAI_API_KEY')
  } finally {
    vi.unstubAllEnvs()
  }
})

test('garbage on standard output is skipped', async () => {
  const gateway = await overProcess()
  expect(textOf(await gateway.call('v1__garbage'))).toBe('still here')
})

test('an error of the server is told with its own words, cleaned and cut', async () => {
  const gateway = await testGateway()
  const result = await gateway.call('v1__error')
  expect(result.isError).toBe(true)
  expect(textOf(result)).toMatch(/^LELU_MCP_UPSTREAM_FAILED: .*wrong\[31m/)
  expect(textOf(result)).not.toContain('\u001b')
  expect(textOf(result).length).toBeLessThan(1500)
})

test('a result of 5 MB is not passed on, and the connection goes on', async () => {
  const gateway = await overProcess()
  const result = await gateway.call('v1__big')
  expect(textOf(result)).toMatch(/^LELU_MCP_RESULT_TOO_LARGE: .*Do not repeat/)
  expect(textOf(await gateway.call('v1__echo', { text: 'hi' }))).toContain('hi')
})

test('a message of 10 MB ends the connection, and the server comes back', async () => {
  const gateway = await overProcess()
  expect(textOf(await gateway.call('v1__huge'))).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  await until(async () => (await gateway.names()).includes('v1__echo'))
  expect(textOf(await gateway.call('v1__echo', { text: 'hi' }))).toContain('hi')
})

test('a server that dies in a call has had it once, the call fails, and its tools come back', async () => {
  const gateway = await overProcess()
  const result = await gateway.call('v1__die')
  expect(textOf(result)).toMatch(/^LELU_MCP_UPSTREAM_LOST: .*not known/)
  expect(result.isError).toBe(true)
  expect(await gateway.names()).toEqual([])
  expect(textOf(await gateway.call('v1__echo', { text: 'hi' }))).toMatch(/^LELU_MCP_UPSTREAM_AWAY/)
  await until(async () => (await gateway.names()).includes('v1__echo'))
  expect(textOf(await gateway.call('v1__echo', { text: 'hi' }))).toContain('hi')
  expect(gateway.effects()).toEqual(['die'])
})

test('a call that hangs is given up, the server is told, and nothing is sent again', async () => {
  const gateway = await testGateway({ settings: { upstreamTimeoutMs: 1500 } })
  expect(textOf(await gateway.call('v1__hang'))).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  await until(() => gateway.effects().includes('cancelled'))
  expect(gateway.effects()).toEqual(['hang', 'cancelled'])
})

test('a call that the client gives up is given up at the server', async () => {
  const gateway = await testGateway()
  const controller = new AbortController()
  const call = gateway.call('v1__hang', {}, { signal: controller.signal })
  await until(() => gateway.effects().includes('hang'))
  controller.abort()
  expect(textOf(await call)).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  await until(() => gateway.effects().includes('cancelled'))
})

test('input that does not pass the schema of the server is not sent, and its values are not told', async () => {
  const gateway = await testGateway()
  const result = await gateway.call('v1__write', { text: 'secret'.repeat(100) })
  expect(textOf(result)).toMatch(
    /^LELU_MCP_INPUT_INVALID: .*write: \/text: does not meet maxLength/,
  )
  expect(textOf(result)).not.toContain('secret')
  expect(gateway.effects()).toEqual([])
})

test.each([
  ['2026-07-28 over HTTP', modernServer, 'server__add', '3'],
  ['2025-11-25 over Streamable HTTP', () => legacyServer(), 'server__old', 'streamable'],
  ['2024-11-05 over HTTP+SSE, found by itself', sseServer, 'server__old', 'sse'],
])('a server of %s is called', async (_what, open, tool, text) => {
  const server = await open()
  const headers = { 'X-Key': 'from the configuration' }
  const gateway = await testGateway({ servers: { server: { url: server.url, headers } } })
  const result = await gateway.call(tool, { a: 1, b: 2 })
  expect(textOf(result)).toBe(text)
  expect(server.seen.length).toBeGreaterThan(1)
  for (const seen of server.seen) {
    expect(seen['x-key']).toBe('from the configuration')
    expect(seen.authorization).toBeUndefined()
  }
})

test('a server of 2026-07-28 over standard streams is called; what it may not say is taken out', async () => {
  const args = [join(fixtures, 'v2-server.ts')]
  const gateway = await testGateway({ servers: { v2: { command: process.execPath, args } } })
  const result = await gateway.call('v2__add', { a: 1, b: 2 })
  expect(result).toEqual({
    content: [{ type: 'text', text: '3' }],
    structuredContent: { sum: 3 },
    _meta: { 'example.com/kept': true },
  })
})

test('a question within a result is refused, and the call is not sent again', async () => {
  const server = await modernServer()
  const gateway = await testGateway({ servers: { v2: { url: server.url } } })
  expect(textOf(await gateway.call('v2__ask'))).toMatch(/^LELU_MCP_UPSTREAM_FAILED: .*capabilities/)
  const before = server.seen.length
  // It asks nothing and wants the same call once more: the SDK by itself would obey.
  expect(textOf(await gateway.call('v2__again'))).toMatch(/^LELU_MCP_UPSTREAM_FAILED: .*refused/)
  const calls = server.seen.slice(before).filter((seen) => seen['mcp-method'] === 'tools/call')
  expect(calls).toHaveLength(1)
})

test('an argument goes into the header that the tool names for it, and into no other', async () => {
  const server = await modernServer()
  const gateway = await testGateway({ servers: { v2: { url: server.url } } })
  expect(textOf(await gateway.call('v2__routed', { region: 'eu' }))).toBe('eu')
  expect(server.seen.at(-1)).toMatchObject({ 'mcp-param-region': 'eu' })
  await gateway.call('v2__add', { a: 1, b: 2 })
  expect(server.seen.at(-1)).not.toHaveProperty('mcp-param-region')
})

test.each(['application/json', 'text/event-stream'])(
  'an answer of %s that never ends is cut off, and does not fill the memory',
  async (type) => {
    const server = await endlessServer(type)
    const entry = { url: server.url, type: 'http' }
    const gateway = await testGateway({
      servers: { endless: entry },
      gateway: { connectTimeoutMs: 1000 },
    })
    expect(gateway.status()[0]?.away).toMatch(/cannot be reached/)
    expect(server.sent()).toBeLessThan(40_000_000)
  },
)

test('an HTTP server that is gone in a call is lost, and is found again', async () => {
  let stop = async () => {}
  const server = await legacyServer(async () => {
    await stop()
    return 'never'
  })
  stop = server.stop
  const gateway = await testGateway({
    servers: { old: { url: server.url } },
    settings: { upstreamTimeoutMs: 2000 },
  })
  expect(textOf(await gateway.call('old__old'))).toMatch(/^LELU_MCP_UPSTREAM_LOST/)
  await until(async () => (await gateway.names()).length === 0)
})

test('a server of 2026-07-28 that ends the stream of its changes is asked for its tools again', async () => {
  const server = await modernServer()
  const gateway = await testGateway({ servers: { v2: { url: server.url } } })
  expect(await gateway.names()).not.toEqual([])
  await server.stop()
  await until(async () => (await gateway.names()).length === 0)
  await modernServer(Number(new URL(server.url).port))
  await until(async () => (await gateway.names()).includes('v2__add'))
})

test('a server that is away is reported, the others go on, and it is there when it comes', async () => {
  const folder = temporaryFolder()
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/mcp`
  const gateway = await testGateway({
    folder,
    servers: { v1: v1Entry(folder), late: { url }, none: { command: '/nowhere/at-all' } },
  })
  expect(gateway.status().map(({ server, away }) => [server, away === undefined])).toEqual([
    ['v1', true],
    ['late', false],
    ['none', false],
  ])
  expect(gateway.notices.join('\n')).toMatch(/late cannot be reached/)
  expect(gateway.notices.join('\n')).toMatch(/none cannot be reached \(ENOENT\)/)
  expect(textOf(await gateway.call('v1__echo', { text: 'hi' }))).toContain('hi')
  let changes = 0
  gateway.surface.onChange(() => {
    changes += 1
  })
  await modernServer(port)
  await until(async () => (await gateway.names()).includes('late__add'))
  expect(changes).toBeGreaterThan(0)
})

test('a server that neither answers nor fails does not keep the others from the client', async () => {
  const silent = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] }
  const quick = await modernServer()
  const gateway = await testGateway({
    servers: { silent, quick: { url: quick.url } },
    gateway: { openWithinMs: 200 },
  })
  expect(gateway.notices.join('\n')).toContain('silent has not answered yet')
  expect(gateway.status()).toContainEqual({
    server: 'silent',
    away: 'is not connected yet',
    tools: 0,
  })
  await until(async () => (await gateway.names()).includes('quick__add'))
})

test('server-everything is behind it over standard streams and over HTTP', async () => {
  const port = await freePort()
  const { spawn } = await import('node:child_process')
  const child = spawn(process.execPath, [everything, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    await new Promise((listening) => child.stderr.once('data', listening))
    const gateway = await testGateway({
      servers: {
        stdio: { command: process.execPath, args: [everything] },
        http: { url: `http://127.0.0.1:${port}/mcp` },
      },
    })
    for (const server of ['stdio', 'http']) {
      const result = await gateway.call(`${server}__get-sum`, { a: 2, b: 3 })
      expect(textOf(result)).toContain('5')
    }
    // It runs as a task only, so a call of it could only fail.
    expect(await gateway.names()).not.toContain('stdio__simulate-research-query')
    expect(gateway.notices.join('\n')).toContain('stdio: a tool is left out: it runs as a task')
  } finally {
    child.kill()
  }
})

test('server-filesystem is behind it: what is written is there', async () => {
  const folder = temporaryFolder()
  const args = [filesystem, folder]
  const gateway = await testGateway({ servers: { files: { command: process.execPath, args } } })
  const path = join(folder, 'note.txt')
  await gateway.call('files__write_file', { path, content: 'hello' })
  expect(textOf(await gateway.call('files__read_text_file', { path }))).toBe('hello')
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address !== null ? address.port : 0
}
