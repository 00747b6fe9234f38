import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { version } from '../version.ts'
import type { Attempt } from './attempt.ts'
import type { Server } from './entry.ts'
import { commandOptions, type Env, httpOptions, type Name, serverOf } from './handshake-parts.ts'

/** As clients connect that know 2026-07-28: they ask the server what it speaks, and fall back to `initialize`. */
export function modernAttempts(server: Server, env: Env): Attempt[] {
  return transports(server, env).map(([name, transport]) => attempt(name, transport))
}

function transports(server: Server, env: Env): [Name, Transport][] {
  if (server.kind === 'stdio') {
    return [['stdio', new StdioClientTransport(commandOptions(server, env))]]
  }
  const url = new URL(server.url)
  const sse = (): [Name, Transport] => ['sse', new SSEClientTransport(url, httpOptions(server))]
  if (server.sse) return [sse()]
  return [['streamable-http', new StreamableHTTPClientTransport(url, httpOptions(server))], sse()]
}

function attempt(name: Name, transport: Transport): Attempt {
  const client = new Client({ name: 'lelu-mcp', version }, { versionNegotiation: { mode: 'auto' } })
  return {
    async open(signal) {
      await client.connect(transport, { signal })
      const { tools } = await client.listTools({}, { signal }) // all pages of them
      return {
        status: 'connected',
        protocol: client.getNegotiatedProtocolVersion() ?? '',
        era: client.getProtocolEra() === 'modern' ? 'modern' : 'legacy',
        transport: name,
        server: serverOf(client.getServerVersion()),
        tools: tools.length,
      }
    },
    close: () => client.close(),
  }
}
