import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from '@modelcontextprotocol/client'
import { readGatewayConfig, type ServerEntry } from '../../packages/mcp/src/gateway/config.ts'
import { connectClient } from '../../packages/mcp/src/gateway/connect.ts'
import { type Figure, percentile, round } from './measure.ts'

const bin = fileURLToPath(new URL('../../packages/mcp/dist/bin.js', import.meta.url))
const source = 'package lelu.authz\n\nallow if input.tool.server == "up"\n'

type Call = (n: number) => Promise<unknown>

const timed = async (call: Call, n: number): Promise<number> => {
  const started = performance.now()
  await call(n)
  return performance.now() - started
}

/** What the gateway adds to one call, from pairs of a direct and a governed one, one right after the other. */
async function compare(
  name: string,
  { direct, governed }: { direct: Call; governed: Call },
  pairs: number,
): Promise<Figure> {
  const added: number[] = []
  const alone: number[] = []
  for (let n = -Math.ceil(pairs / 2); n < pairs; n += 1) {
    const directFirst = n % 2 === 0
    const first = await timed(directFirst ? direct : governed, n)
    const second = await timed(directFirst ? governed : direct, n)
    if (n < 0) continue // warm-up
    const [without, withLelu] = directFirst ? [first, second] : [second, first]
    added.push(withLelu - without)
    alone.push(without)
  }
  added.sort((a, b) => a - b)
  alone.sort((a, b) => a - b)
  const p50 = round(percentile(added, 0.5))
  return {
    name,
    unit: 'ms',
    value: p50,
    p50,
    p99: round(percentile(added, 0.99)),
    bar: '<= 3',
    peers: { 'the call without Lelu': round(percentile(alone, 0.5)) },
  }
}

/** `lelu-mcp serve` as users run it: a process of its own, from the build. */
async function startServe(
  directory: string,
  config: string,
): Promise<{ url: string; stop(): Promise<void> }> {
  const words = [
    '--directory',
    join(directory, 'lelu'),
    '--json',
    'serve',
    '--port',
    '0',
    '--config',
    config,
  ]
  const child = spawn(process.execPath, [bin, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return {
    url: (JSON.parse(line.toString()) as { url: string }).url,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** A client as agents have it, connected to a server. */
const connect = (entry: ServerEntry) =>
  connectClient({
    entry,
    timeoutMs: 30_000,
    elicitation: false,
    onListChanged: () => {},
    log: () => {},
    signal: new AbortController().signal,
  })

async function figureOf(what: string, entry: object, quick: boolean): Promise<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const path = join(directory, 'lelu-mcp.json')
  writeFileSync(path, JSON.stringify({ mcpServers: { up: entry } }))
  mkdirSync(join(directory, 'policies'))
  writeFileSync(join(directory, 'policies/bench.rego'), source)
  const { servers } = await readGatewayConfig(path, {})
  const served = await startServe(directory, path)
  const gateway = await connect({
    kind: 'http',
    url: served.url,
    headers: {},
    transport: undefined,
  })
  const upstream = await connect(servers.get('up') as ServerEntry)
  const calling =
    (client: Pick<Client, 'callTool'>, name: string): Call =>
    async (n) => {
      const { isError } = await client.callTool({ name, arguments: { a: n, b: 1 } })
      if (isError === true) throw new Error('it did not run')
    }
  try {
    const calls = { direct: calling(upstream, 'add'), governed: calling(gateway, 'up__add') }
    return await compare(`a call through the gateway, ${what}`, calls, quick ? 5 : 400)
  } finally {
    await gateway.close()
    await upstream.close()
    await served.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What the gateway adds to a call of an upstream, all in: the client's hop to it, the decision, its record on disk. */
export async function gatewayFigures(quick: boolean): Promise<Figure[]> {
  const script = join(import.meta.dirname, '../../packages/mcp/test/gateway/fixtures/v2-server.ts')
  const stdio = { command: process.execPath, args: [script] }
  const server = fork(new URL('./gateway-child.ts', import.meta.url), {
    execArgv: ['--conditions=lelu:source'],
  })
  try {
    const [port] = (await once(server, 'message')) as [number]
    return [
      await figureOf('upstream over standard streams', stdio, quick),
      await figureOf('upstream over HTTP', { url: `http://127.0.0.1:${port}/mcp` }, quick),
    ]
  } finally {
    server.disconnect()
  }
}
