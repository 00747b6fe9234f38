import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Client } from '@modelcontextprotocol/client'
import {
  connect,
  type Era,
  type Folder,
  gatewayFolder,
  startServe,
  upstreamCommand,
  wrapCommand,
} from './gateway-setup.ts'
import { type Figure, percentile, round } from './measure.ts'

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
  // As for the adapters: a gateway that serves has long compiled its code.
  for (let n = -Math.ceil(2.5 * pairs); n < pairs; n += 1) {
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

const calling =
  (client: Pick<Client, 'callTool'>, name: string): Call =>
  async (n) => {
    const { isError } = await client.callTool({ name, arguments: { a: n, b: 1 } })
    if (isError === true) throw new Error('it did not run')
  }

/** How a client reaches the upstream without a gateway, and with one in place of it. */
type Row = {
  name: string
  direct: string | readonly string[]
  governed(folder: Folder): Promise<{ to: string | string[]; tool: string; stop(): Promise<void> }>
}

const overStreams: Row = {
  name: 'wrap, standard streams on both sides',
  direct: upstreamCommand,
  governed: async (folder) => ({ to: wrapCommand(folder), tool: 'add', stop: async () => {} }),
}

function served(name: string, direct: Row['direct'], entry: object): Row {
  return {
    name,
    direct,
    async governed(folder) {
      const { url, stop } = await startServe(folder, entry)
      return { to: url, tool: 'up__add', stop }
    },
  }
}

async function figureOf(row: Row, era: Era, quick: boolean): Promise<Figure> {
  const folder = gatewayFolder()
  const { to, tool, stop } = await row.governed(folder)
  const gateway = await connect(to, era)
  const upstream = await connect(row.direct, era)
  try {
    const calls = { direct: calling(upstream, 'add'), governed: calling(gateway, tool) }
    return await compare(`gateway: ${row.name} (${era})`, calls, quick ? 5 : 400)
  } finally {
    await gateway.close()
    await upstream.close()
    await stop()
    folder.remove()
  }
}

/**
 * What the gateway adds to a call of an upstream, all in: the client's hop to it, the decision, its record on disk. A client
 * reaches the gateway as it would reach the upstream, but for the last row: there an upstream that it would start itself
 * is behind a gateway over HTTP.
 */
export async function gatewayFigures(quick: boolean): Promise<Figure[]> {
  const server = fork(new URL('./gateway-child.ts', import.meta.url), {
    execArgv: ['--conditions=lelu:source'],
  })
  const [command = '', ...args] = upstreamCommand
  try {
    const [port] = (await once(server, 'message')) as [number]
    const url = `http://127.0.0.1:${port}/mcp`
    const overHttp = served('serve, HTTP on both sides', url, { url })
    const mixed = served('serve, HTTP to it, standard streams behind it', upstreamCommand, {
      command,
      args,
    })
    const figures: Figure[] = []
    for (const row of [overStreams, overHttp, mixed])
      for (const era of ['2026-07-28', '2025-11-25'] as const)
        figures.push(await figureOf(row, era, quick))
    return figures
  } finally {
    server.disconnect()
  }
}
