import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { runProcess, temporaryFolder } from '../support/processes.ts'
import { startServe } from './serve-process.ts'

// Clients of both eras whose host answers for the person, as some do (openai/codex#17164 accepts, anthropics/claude-code#41292
// declines): whatever they answer, the call waits until somebody decides in the store.

const cli = new URL('../../../packages/cli/src/bin.ts', import.meta.url)
const upstream = fileURLToPath(
  new URL('../../../packages/mcp/test/gateway/fixtures/v1-server.ts', import.meta.url),
)

vi.setConfig({ testTimeout: 300_000 })

beforeEach(() => {
  vi.stubEnv('LELU_DIRECTORY', '')
  vi.stubEnv('NO_COLOR', '1')
  return () => vi.unstubAllEnvs()
})

type Call = { name: string; arguments: Record<string, string> }
type Result = { structuredContent?: unknown; content: unknown; isError?: boolean }
type Caller = {
  call(call: Call): Promise<Result>
  schemaOf(name: string): Promise<unknown>
  asked: string[]
}

/** Reads the list, as hosts do, after which the SDKs hold results against it. */
async function schemaOf(
  client: Pick<Client, 'listTools'> | Pick<ModernClient, 'listTools'>,
  name: string,
) {
  const { tools } = await client.listTools()
  return tools.find((tool) => tool.name === name)?.outputSchema
}

const capabilities = { elicitation: { form: {}, url: {} } }

async function legacy(url: string, answer: ElicitResult): Promise<Caller> {
  const client = new Client({ name: 'host', version: '1.0.0' }, { capabilities })
  const asked: string[] = []
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
    asked.push(params.mode ?? 'form')
    return answer
  })
  onTestFinished(() => client.close())
  await client.connect(new LegacyTransport(new URL(url)) as LegacyTransport & { sessionId: string })
  return {
    asked,
    schemaOf: (name) => schemaOf(client, name),
    call: async (call) => (await client.callTool(call)) as Result,
  }
}

async function modern(url: string, answer: ElicitResult): Promise<Caller> {
  const client = new ModernClient(
    { name: 'host', version: '1.0.0' },
    { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  const asked: string[] = []
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params.mode ?? 'form')
    return answer
  })
  onTestFinished(() => client.close())
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
  return {
    asked,
    schemaOf: (name) => schemaOf(client, name),
    call: async (call) => (await client.callTool(call)) as Result,
  }
}

/** A server that writes, behind a policy that lets nobody write alone; or another one, with nothing allowed alone. */
async function world(args = [upstream]) {
  const folder = temporaryFolder()
  const effects = join(folder, 'effects')
  const entry = { command: process.execPath, args, env: { LOG: effects } }
  const config = join(folder, 'lelu-mcp.json')
  writeFileSync(config, JSON.stringify({ mcpServers: { up: entry } }))
  mkdirSync(join(folder, 'policies'))
  const policy = 'package lelu.authz\n\nrequire_approval if true\n'
  writeFileSync(join(folder, 'policies/policy.rego'), policy)
  const directory = join(folder, '.lelu')
  const words = ['--directory', directory, 'serve', '--config', config]
  const console = ['--console-url', 'https://console.example/approvals/{id}']
  const { url } = await startServe([...words, ...console], folder)
  return {
    url,
    effects: () => (existsSync(effects) ? readFileSync(effects, 'utf8') : ''),
    approve: (id: string) =>
      runProcess(cli, ['approvals', 'approve', id, '--yes', '-C', directory], folder),
  }
}

const write: Call = { name: 'up__write', arguments: { text: 'a' } }

test.each([
  ['legacy', 'accept', legacy],
  ['legacy', 'decline', legacy],
  ['legacy', 'cancel', legacy],
  ['modern', 'accept', modern],
  ['modern', 'decline', modern],
  ['modern', 'cancel', modern],
] as const)(
  'a %s client that answers %s by itself decides nothing',
  async (_era, action, connect) => {
    const { url, effects, approve } = await world()
    const client = await connect(url, { action, ...(action === 'accept' && { content: {} }) })
    const first = await client.call(write)
    expect(client.asked).toEqual(['url'])
    expect(first.isError).not.toBe(true)
    expect(first.structuredContent).toMatchObject({
      decision: 'require_approval',
      status: 'pending',
    })
    const { approval_id: id } = first.structuredContent as { approval_id: string }

    const second = await client.call(write)
    expect(second.structuredContent).toMatchObject({ approval_id: id, status: 'pending' })
    expect(effects()).toBe('')

    expect(await approve(id)).toMatchObject({ code: 0 })
    expect((await client.call(write)).isError).not.toBe(true)
    await client.call(write)
    expect(effects()).toBe('a\n')
  },
)

test.each([
  ['legacy', legacy],
  ['modern', modern],
] as const)(
  'a %s client that checks results against the schema it was shown takes what waits and what ran',
  async (_era, connect) => {
    const everything = createRequire(import.meta.resolve('@lelu/mcp')).resolve(
      '@modelcontextprotocol/server-everything/package.json',
    )
    const { url, approve } = await world([join(dirname(everything), 'dist/index.js')])
    const client = await connect(url, { action: 'decline' })
    const call = { name: 'up__get-structured-content', arguments: { location: 'New York' } }
    expect(await client.schemaOf(call.name)).toMatchObject({ type: 'object', anyOf: [{}, {}] })
    const waiting = await client.call(call)
    expect(waiting.structuredContent).toMatchObject({ status: 'pending' })
    const { approval_id: id } = waiting.structuredContent as { approval_id: string }
    expect(await approve(id)).toMatchObject({ code: 0 })
    expect((await client.call(call)).structuredContent).toHaveProperty('temperature')
  },
)
