import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import {
  Client,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { type Figure, percentile, round } from './measure.ts'

const clientInfo = { name: 'bench', version: '1.0.0' }

async function session(url: URL): Promise<LegacyClient> {
  const client = new LegacyClient(clientInfo)
  await client.connect(new StreamableHTTPClientTransport(url) as Transport)
  return client
}

/** Milliseconds of `initialize` alone, each of a fresh session, without a client's own work. */
async function initialize(url: URL): Promise<number> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  const started = performance.now()
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
  })
  await answer.text()
  return performance.now() - started
}

async function timesOf(count: number, run: () => Promise<number>): Promise<number[]> {
  const each: number[] = []
  for (let n = 0; n < count + 5; n += 1) {
    const ms = await run()
    if (n >= 5) each.push(ms)
  }
  return each.sort((a, b) => a - b)
}

async function callTimes(client: Pick<Client, 'callTool'>, count: number): Promise<number[]> {
  return timesOf(count, async () => {
    const started = performance.now()
    await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    return performance.now() - started
  })
}

function figure(name: string, each: readonly number[], bar: string): Figure {
  const p50 = round(percentile(each, 0.5))
  return { name, unit: 'ms', value: p50, p50, p99: round(percentile(each, 0.99)), bar, peers: {} }
}

async function rssOf(server: ChildProcess): Promise<number> {
  server.send('rss')
  const [{ rss }] = await once(server, 'message')
  return rss / 1024 ** 2
}

/** What the listener costs: opening a session, a call in both eras, and the memory of 200 sessions that are open. */
export async function mcpFigures(quick: boolean): Promise<Figure[]> {
  const script = new URL('./mcp-child.ts', import.meta.url)
  const server = fork(script, { execArgv: ['--conditions=lelu:source', '--expose-gc'] })
  try {
    const [{ url: address }] = await once(server, 'message')
    const url = new URL(address)
    const opened = await timesOf(quick ? 5 : 50, () => initialize(url))
    const legacy = await session(url)
    const modern = new Client(clientInfo, { versionNegotiation: { mode: { pin: '2026-07-28' } } })
    await modern.connect(new ModernTransport(url))
    const calls = quick ? 5 : 500
    const inSession = await callTimes(legacy as unknown as Client, calls)
    const stateless = await callTimes(modern, calls)
    const bare = await rssOf(server)
    const sessions: LegacyClient[] = []
    for (let n = 0; n < (quick ? 5 : 200); n += 1) sessions.push(await session(url))
    await Promise.all(sessions.map((client) => client.listTools()))
    const held = await rssOf(server)
    await Promise.all([legacy, modern, ...sessions].map((client) => client.close()))
    return [
      figure('MCP: initialize of a fresh session', opened, '<= 60'),
      figure('MCP: a call in a session (2025-11-25)', inSession, '-'),
      figure('MCP: a call without one (2026-07-28)', stateless, '-'),
      {
        name: 'MCP: memory with 200 sessions open',
        unit: 'MB',
        value: round(held),
        p50: null,
        p99: null,
        bar: '< 300',
        peers: { 'with one session': round(bare) },
      },
    ]
  } finally {
    server.disconnect()
  }
}
