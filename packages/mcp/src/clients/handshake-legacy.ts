import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { version } from '../version.ts'
import type { Attempt } from './attempt.ts'
import type { Server } from './entry.ts'
import { commandOptions, type Env, httpOptions, type Name, serverOf } from './handshake-parts.ts'

/** As clients of the revisions up to 2025-11-25 connect: Streamable HTTP, then the older HTTP with SSE. */
export function legacyAttempts(server: Server, env: Env): Attempt[] {
  return transports(server, env).map(([name, transport]) => attempt(name, transport))
}

function transports(server: Server, env: Env): [Name, Transport][] {
  if (server.kind === 'stdio') {
    return [['stdio', new StdioClientTransport(commandOptions(server, env))]]
  }
  const url = new URL(server.url)
  const sse = (): [Name, Transport] => ['sse', new SSEClientTransport(url, httpOptions(server))]
  if (server.sse) return [sse()]
  const streamable = new StreamableHTTPClientTransport(url, httpOptions(server)) as Transport
  return [['streamable-http', streamable], sse()]
}

function attempt(name: Name, transport: Transport): Attempt {
  const client = new Client({ name: 'lelu-mcp', version })
  let protocol = ''
  const setProtocolVersion = transport.setProtocolVersion?.bind(transport)
  transport.setProtocolVersion = (agreed) => {
    protocol = agreed
    setProtocolVersion?.(agreed)
  }
  return {
    async open(signal) {
      await client.connect(transport, { signal })
      let tools = 0
      let cursor: string | undefined
      do {
        const page = await client.listTools(cursor === undefined ? {} : { cursor }, { signal })
        tools += page.tools.length
        cursor = page.nextCursor
      } while (cursor !== undefined && tools < 10_000)
      const server = serverOf(client.getServerVersion())
      return { status: 'connected', protocol, era: 'legacy', transport: name, server, tools }
    },
    close: () => client.close(),
  }
}
