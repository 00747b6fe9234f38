import { Client } from '@modelcontextprotocol/client'
import { version } from '../version.ts'
import { atMost } from './at-most.ts'
import type { ServerEntry } from './config.ts'
import { endChild, knowsOnlySse, openTransport } from './transports.ts'

export type ConnectOptions = {
  entry: ServerEntry
  timeoutMs: number
  /** Whether questions to a person may be asked. No other request of a server is ever answered. */
  elicitation: boolean
  /** Told of a changed tool list, before anything else of the connection is read. */
  onListChanged: () => void
  /** The server sends more than anybody reads. The connection ends by itself. */
  onFlood?: () => void
  log: (line: string) => void
  /** Aborted when the gateway closes. */
  signal: AbortSignal
}

function newClient({ elicitation, onListChanged, timeoutMs }: ConnectOptions): Client {
  return new Client(
    { name: 'lelu-mcp-gateway', version },
    {
      // Without sampling and roots: a server must neither use the model nor learn of files through us.
      capabilities: elicitation ? { elicitation: { form: {}, url: {} } } : {},
      // A slow server of before 2026 gets half of the time to stay silent, the other half to begin.
      versionNegotiation: { mode: 'auto', probe: { timeoutMs: Math.ceil(timeoutMs / 2) } },
      // By itself the SDK would answer what a result asks for and send the call again.
      inputRequired: { autoFulfill: false },
      listChanged: { tools: { onChanged: onListChanged, autoRefresh: false, debounceMs: 0 } },
    },
  )
}

/**
 * Messages that nobody asked for, in ten seconds: what a server tells, what it asks, and what is no message. To read and
 * answer them all keeps the calls of other servers waiting, and the answers fill the memory where the server takes none.
 */
const mostUnasked = 5000

/**
 * Connects in the era that the server speaks: over its process, Streamable HTTP, or HTTP+SSE where it knows no other.
 * Throws what the SDK throws; nothing is left open then.
 */
export async function connectClient(options: ConnectOptions): Promise<Client> {
  const { entry } = options
  if (entry.kind === 'stdio' || entry.transport === 'sse') return connectOver(options, 'sse')
  try {
    return await connectOver(options, 'http')
  } catch (error) {
    if (entry.transport !== undefined || !knowsOnlySse(error)) throw error
    return connectOver(options, 'sse')
  }
}

async function connectOver(options: ConnectOptions, over: 'http' | 'sse'): Promise<Client> {
  const client = newClient(options)
  const { signal, timeoutMs } = options
  const transport = openTransport(options.entry, over, options.log)
  const giveUp = () => {
    client.close().catch(() => {})
    // While the SDK finds out the era, in a process of its own, the client has no transport yet that it could close.
    transport.close().catch(() => {})
  }
  signal.addEventListener('abort', giveUp)
  const unasked = atMost(mostUnasked, () => {
    endChild(transport)
    options.onFlood?.()
    giveUp()
    // What is on its way is heard by nobody.
    transport.onmessage = () => {}
  })
  client.onerror = unasked
  try {
    signal.throwIfAborted()
    // The SDK hands each message to this one first.
    transport.onmessage = (message) => {
      if ('method' in message) unasked()
    }
    await client.connect(transport, { timeout: timeoutMs, signal })
    signal.throwIfAborted()
    return client
  } catch (error) {
    await client.close().catch(() => {})
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
