import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { runProcess, startProcess, temporaryFolder } from '../support/processes.ts'
import { startServe } from './serve-process.ts'

const command = new URL('../../../packages/mcp/src/bin.ts', import.meta.url)

vi.setConfig({ testTimeout: 300_000 })

beforeEach(() => {
  vi.stubEnv('LELU_DIRECTORY', '')
  return () => vi.unstubAllEnvs()
})

/** A project folder and a home of their own. */
function project() {
  const folder = temporaryFolder()
  mkdirSync(join(folder, '.git'))
  vi.stubEnv('HOME', join(folder, 'home'))
  mkdirSync(join(folder, 'home'))
  return folder
}

/** A server that speaks MCP over standard streams; `results` are its answers by their methods. */
const serverOf = (capabilities: object, results: string) => `
import { createInterface } from 'node:readline'
const initialize = {
  protocolVersion: '2025-06-18',
  capabilities: ${JSON.stringify(capabilities)},
  serverInfo: { name: 'test', version: '1.0.0' },
}
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line)
  const result = { initialize, ...${results} }[method]
  const answer = result ? { result } : { error: { code: -32601, message: 'no' } }
  if (id !== undefined) console.log(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
}
`

const withoutTools = serverOf({ resources: {} }, '{}')

const shop = serverOf(
  { tools: {} },
  `{
    'tools/list': { tools: ['look', 'pay'].map((name) => ({ name, inputSchema: { type: 'object' } })) },
    'tools/call': { content: [{ type: 'text', text: 'ran ' + params?.name }] },
  }`,
)

const names = ({ tools }: { tools: { name: string }[] }) => tools.map(({ name }) => name)

async function legacy(transport: LegacyTransport | SSEClientTransport | StdioClientTransport) {
  const client = new Client({ name: 'test', version: '1.0.0' })
  onTestFinished(() => client.close())
  await client.connect(transport as LegacyTransport & { sessionId: string })
  return client
}

async function modern(url: string) {
  const client = new ModernClient(
    { name: 'test', version: '1.0.0' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  onTestFinished(() => client.close())
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  return client
}

describe('lelu-mcp serve', () => {
  test('is reached by what `add` writes for Cursor and Claude Code, with the transports of those clients', async () => {
    const folder = project()
    const { url } = await startServe(['--directory', join(folder, '.lelu'), 'serve'], folder)
    const words = ['add', '--cursor', '--claude-code', '--project', '--url', url, '--json']
    const ended = await runProcess(command, words, folder)
    expect(ended).toMatchObject({ code: 0 })
    const read = (path: string) =>
      JSON.parse(readFileSync(join(folder, path), 'utf8')).mcpServers.lelu
    expect(read('.cursor/mcp.json')).toEqual({ url })
    expect(read('.mcp.json')).toEqual({ type: 'http', url })

    const cursor = await legacy(new LegacyTransport(new URL(read('.cursor/mcp.json').url)))
    expect(names(await cursor.listTools())).toContain('lelu_evaluate')
    const claude = await modern(read('.mcp.json').url)
    expect(names(await claude.listTools())).toContain('lelu_evaluate')
  })

  test('answers at /sse as at /mcp, in both eras and over the oldest transport', async () => {
    const folder = project()
    const { url } = await startServe(['--directory', join(folder, '.lelu'), 'serve'], folder)
    const sse = url.replace(/\/mcp$/, '/sse')
    const expected = names(await (await modern(url)).listTools())
    expect(expected[0]).toBe('lelu_evaluate')
    expect(names(await (await modern(sse)).listTools())).toEqual(expected)
    expect(names(await (await legacy(new LegacyTransport(new URL(sse)))).listTools())).toEqual(
      expected,
    )
    expect(names(await (await legacy(new SSEClientTransport(new URL(sse)))).listTools())).toEqual(
      expected,
    )
  })

  test('without a policy lets what only reads run, by the configuration and not by the model, and everything else wait', async () => {
    const folder = project()
    const server = join(folder, 'server.mjs')
    writeFileSync(server, shop)
    const config = {
      mcpServers: { shop: { command: process.execPath, args: [server] } },
      lelu: { effects: { 'shop/look': 'read' } },
    }
    writeFileSync(join(folder, 'lelu-mcp.json'), JSON.stringify(config))
    const { url } = await startServe(['--directory', join(folder, '.lelu'), 'serve'], folder)
    const client = await modern(url)
    const said = async (name: string, input: Record<string, unknown> = {}) => {
      const { content, structuredContent } = await client.callTool({ name, arguments: input })
      return (structuredContent as { decision: string } | undefined)?.decision ?? content
    }
    expect(await said('shop__look')).toEqual([{ type: 'text', text: 'ran look' }])
    expect(await said('shop__pay')).toBe('require_approval')
    const asked = { tool: 'pay', input: {} }
    expect(await said('lelu_evaluate', asked)).toBe('require_approval')
    expect(await said('lelu_evaluate', { ...asked, effect: 'read' })).toBe('require_approval')
  })

  test('is a child of the client that starts it with --stdio, and ends with it', async () => {
    const folder = project()
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [
        '--conditions=lelu:source',
        command.pathname,
        ...['--directory', join(folder, '.lelu'), 'serve', '--stdio', '--agent', 'desk-7'],
      ],
      cwd: folder,
      stderr: 'ignore',
    })
    const client = await legacy(transport)
    const asked = { tool: 'pay', input: { amount: 5 }, idempotency_key: 'k' }
    const first = await client.callTool({ name: 'lelu_request_approval', arguments: asked })
    expect(first.structuredContent).toMatchObject({
      decision: 'require_approval',
      status: 'pending',
    })
    const { approval_id: id } = first.structuredContent as { approval_id: string }
    const pid = transport.pid as number
    await client.close()
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 30_000 })
    const cli = new URL('../../../packages/cli/src/bin.ts', import.meta.url)
    const shown = await runProcess(
      cli,
      ['approvals', 'show', id, '-C', join(folder, '.lelu')],
      folder,
    )
    expect(shown.stdout).toContain('desk-7 (agent)')
  })

  // The SDK says by console.debug that such a server has no tools.
  test('writes nothing but the protocol, and its one line of JSON, for a server without tools', async () => {
    const folder = project()
    const server = join(folder, 'server.mjs')
    writeFileSync(server, withoutTools)
    const own = ['--directory', join(folder, '.lelu')]
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [
        '--conditions=lelu:source',
        command.pathname,
        ...[...own, 'wrap', '--name', 'none', '--', process.execPath, server],
      ],
      cwd: folder,
      stderr: 'ignore',
    })
    const wrong: Error[] = []
    transport.onerror = (error) => wrong.push(error)
    await legacy(transport)
    expect(wrong).toEqual([])
    const entry = { command: process.execPath, args: [server] }
    writeFileSync(join(folder, 'lelu-mcp.json'), JSON.stringify({ mcpServers: { none: entry } }))
    const { servers } = await startServe(['--directory', join(folder, 'other'), 'serve'], folder)
    expect(servers).toMatchObject([{ server: 'none', tools: 0 }])
  })

  test('says that its port is taken, and leaves whoever has it alone', async () => {
    const folder = project()
    const first = await startServe(['--directory', join(folder, 'a'), 'serve'], folder)
    const { port } = new URL(first.url)
    const words = ['--directory', join(folder, 'b'), 'serve', '--port', port, '--json']
    const ended = await runProcess(command, words, folder)
    expect(ended.code).toBe(1)
    expect(JSON.parse(ended.stderr)).toMatchObject({ error: { code: 'LELU_MCP_PORT_TAKEN' } })
    expect(names(await (await modern(first.url)).listTools())).toContain('lelu_evaluate')
  })

  test.each([
    ['SIGTERM', 0],
    ['SIGINT', 130],
  ] as const)('ends its sessions and seals its log on %s', async (signal, code) => {
    const folder = project()
    const directory = join(folder, '.lelu')
    const words = ['--directory', directory, 'serve', '--port', '0', '--json']
    const child = startProcess(command, words, folder)
    const [line] = (await once(child.stdout as Readable, 'data')) as [Buffer]
    const { url } = JSON.parse(line.toString()) as { url: string }
    const client = await legacy(new LegacyTransport(new URL(url)))
    await client.callTool({ name: 'lelu_evaluate', arguments: { tool: 'pay', input: {} } })
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([code, null])
    const cli = new URL('../../../packages/cli/src/bin.ts', import.meta.url)
    const verified = await runProcess(cli, ['audit', 'verify', '-C', directory, '--json'], folder)
    const { streams } = JSON.parse(verified.stdout) as { streams: { state: string }[] }
    expect(streams).toHaveLength(1)
    expect(streams[0]).toMatchObject({ state: 'closed' })
  })

  test.each([
    [['--auth', 'token'], '--principals is needed'],
    [['--auth', 'token', '--principals', 'p.json', '--agent', 'a'], '--agent means nothing'],
    [['--auth', 'oauth', '--issuer', 'https://a.example'], '--jwks is needed'],
    [['--stdio', '--auth', 'token', '--principals', 'p.json'], 'Standard streams have one caller'],
    [['--shadow'], 'no gateway to run in shadow mode'],
    [['--policies', 'nowhere'], 'nowhere'],
    [['--config', 'nowhere.json'], 'cannot be read'],
    [['--host', '0.0.0.0'], 'nobody would have to say who they are'],
  ])('with %j says what is wrong, and does not start', async (words, why) => {
    const folder = project()
    writeFileSync(join(folder, 'p.json'), '{"principals":{}}')
    const lelu = join(folder, '.lelu')
    const ended = await runProcess(command, ['--directory', lelu, 'serve', ...words], folder)
    expect(ended.code).toBeGreaterThan(0)
    expect(ended.stderr.replace(/\s+/g, ' ')).toContain(why)
    expect(ended.stdout).toBe('')
  })
})
