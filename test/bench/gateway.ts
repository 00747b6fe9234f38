import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLelu } from '@lelu/engine'
import { parseGatewayConfig, type ServerEntry } from '../../packages/mcp/src/gateway/config.ts'
import { connectClient } from '../../packages/mcp/src/gateway/connect.ts'
import { openGateway } from '../../packages/mcp/src/gateway/gateway.ts'
import type { CallContext } from '../../packages/mcp/src/surface/call.ts'
import { v2Listener } from '../../packages/mcp/test/gateway/fixtures/v2-http.ts'
import { type Figure, percentile, round } from './measure.ts'

const source = 'package lelu.authz\n\nallow if input.tool.server == "up"\n'

const context: CallContext = {
  principal: {
    key: 'bench|agent',
    subject: { id: 'agent', type: 'agent' },
    tenant: 'default',
    scopes: ['call'],
    reviewer: null,
  },
  peer: {
    name: 'bench',
    version: '1',
    protocol: '2026-07-28',
    era: 'modern',
    elicits: { form: false, url: false },
    tasks: false,
  },
  signal: new AbortController().signal,
  meta: {},
  answers: undefined,
  progress: async () => {},
}

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

async function figureOf(what: string, entry: object, quick: boolean): Promise<Figure> {
  const directory = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  const text = JSON.stringify({ mcpServers: { up: entry } })
  const config = parseGatewayConfig(text, { path: join(directory, 'lelu-mcp.json'), env: {} })
  const lelu = await createLelu({
    directory: join(directory, 'lelu'),
    policies: { modules: [{ path: 'bench.rego', source }] },
  })
  const pending = {
    answer: async () => {
      throw new Error('nothing waits here')
    },
  }
  const gateway = await openGateway({ config, lelu, pending, notice: () => {} })
  const client = await connectClient({
    entry: config.servers.get('up') as ServerEntry,
    timeoutMs: 30_000,
    elicitation: false,
    onListChanged: () => {},
    log: () => {},
    signal: context.signal,
  })
  const direct: Call = (n) => client.callTool({ name: 'add', arguments: { a: n, b: 1 } })
  // As a listener does it: the tool is looked up anew for every call.
  const governed: Call = async (n) => {
    const tools = await gateway.surface.tools(context.principal)
    const answer = await tools.find(({ name }) => name === 'up__add')?.call({ a: n, b: 1 }, context)
    if (answer?.kind !== 'result' || answer.result.isError) throw new Error('it did not run')
  }
  try {
    const name = `gateway: ${what}, durable audit, 1 call`
    return await compare(name, { direct, governed }, quick ? 5 : 400)
  } finally {
    await client.close()
    await gateway.close()
    await lelu.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What a governed call of an upstream costs over the same call without a gateway; without the client's own hop to it. */
export async function gatewayFigures(quick: boolean): Promise<Figure[]> {
  const script = join(import.meta.dirname, '../../packages/mcp/test/gateway/fixtures/v2-server.ts')
  const stdio = { command: process.execPath, args: [script] }
  const server = createServer(v2Listener())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  try {
    return [
      await figureOf('over standard streams', stdio, quick),
      await figureOf('over HTTP', { url: `http://127.0.0.1:${port}/mcp` }, quick),
    ]
  } finally {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
}
