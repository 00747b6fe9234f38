import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

export type Served = { server: string; tools: string[]; code: number | null }

/** Starts the installed `lelu-mcp serve`, asks it over HTTP who it is and which tools it has, and interrupts it. */
export async function askServe(project: string, env: NodeJS.ProcessEnv): Promise<Served> {
  // What `npx @lelu/mcp serve` starts, without npx around it: so its pid is the server's.
  const command = join(project, 'node_modules/.bin/lelu-mcp')
  const child = spawn(command, ['--json', 'serve', '--port', '0'], {
    cwd: project,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
  try {
    const started = once(createInterface(child.stdout), 'line')
    const first = await Promise.race([started, ended])
    if (typeof first[0] !== 'string') throw new Error(`serve ended with ${first[0]}`)
    const { url } = JSON.parse(first[0]) as { url: string }
    const client = new Client({ name: 'pack-check', version: '1.0.0' })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(url)) as StreamableHTTPClientTransport & {
        sessionId: string
      },
    )
    const { tools } = await client.listTools()
    await client.close()
    const server = client.getServerVersion()?.name ?? ''
    child.kill('SIGINT')
    const [code] = (await ended) as [number | null]
    return { server, tools: tools.map(({ name }) => name), code }
  } finally {
    clearTimeout(late)
    child.kill('SIGKILL')
  }
}
