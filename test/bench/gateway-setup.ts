import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

const bin = fileURLToPath(new URL('../../packages/mcp/dist/bin.js', import.meta.url))
const upstream = fileURLToPath(
  new URL('../../packages/mcp/test/gateway/fixtures/v2-server.ts', import.meta.url),
)
const source = 'package lelu.authz\n\nallow if input.tool.server == "up"\n'

/** The upstream as a process of its client. */
export const upstreamCommand: readonly string[] = [process.execPath, upstream]

export type Era = '2026-07-28' | '2025-11-25'

/** A client as agents have it, in one era, over HTTP or to a process that it starts. */
export async function connect(to: string | readonly string[], era: Era): Promise<Client> {
  const mode = era === '2025-11-25' ? ('legacy' as const) : { pin: era }
  const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode } })
  await client.connect(transportTo(to))
  return client
}

function transportTo(to: string | readonly string[]): Transport {
  if (typeof to === 'string') return new StreamableHTTPClientTransport(new URL(to))
  const [command = '', ...args] = to
  return new StdioClientTransport({ command, args, stderr: 'ignore' })
}

/** Where a gateway of one run keeps what it needs. */
export type Folder = { path: string; words: readonly string[]; remove(): void }

export function gatewayFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'lelu-bench-'))
  mkdirSync(join(path, 'policies'))
  writeFileSync(join(path, 'policies/bench.rego'), source)
  const words = [bin, '--directory', join(path, 'lelu')]
  return { path, words, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** What a client starts in place of the upstream: `lelu-mcp wrap -- command`, from the build. */
export function wrapCommand({ path, words }: Folder): string[] {
  const policies = ['--policies', join(path, 'policies'), '--pin', join(path, 'lelu-mcp.lock')]
  const wrapped = ['wrap', '--name', 'up', ...policies, '--', ...upstreamCommand]
  return [process.execPath, ...words, ...wrapped]
}

/** `lelu-mcp serve` in front of an upstream: a process of its own, from the build. */
export async function startServe(
  { path, words }: Folder,
  entry: object,
): Promise<{ url: string; stop(): Promise<void> }> {
  const config = join(path, 'lelu-mcp.json')
  writeFileSync(config, JSON.stringify({ mcpServers: { up: entry } }))
  const serve = ['--json', 'serve', '--port', '0', '--config', config]
  const child = spawn(process.execPath, [...words, ...serve], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
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
