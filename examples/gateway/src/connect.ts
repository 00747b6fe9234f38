import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import type { Layout } from './layout.ts'

/** `lelu-mcp`, as it is in this repository. */
const command = fileURLToPath(new URL('src/bin.ts', import.meta.resolve('@lelu/mcp/package.json')))

/** Connects as any client does: to a server that runs at an address, or to one that it starts itself. */
export async function connect(layout: Layout, url: string | undefined): Promise<Client> {
  const client = new Client(
    { name: 'example-agent', version: '1.0.0' },
    { versionNegotiation: { mode: 'auto' } },
  )
  await client.connect(
    url === undefined ? ownServer(layout) : new StreamableHTTPClientTransport(new URL(url)),
  )
  return client
}

function ownServer({ config, lelu }: Layout): StdioClientTransport {
  const serve = ['serve', '--stdio', '--config', config, '--agent', 'example-agent']
  return new StdioClientTransport({
    command: process.execPath,
    args: ['--conditions=lelu:source', command, '--directory', lelu, ...serve],
    stderr: 'ignore',
  })
}
