import type { ServerEntry } from './config.ts'
import { connectClient } from './connect.ts'
import { type PinnedDefinition, readDefinitions } from './definition.ts'

export type ListOptions = {
  entry: ServerEntry
  timeoutMs?: number
  /** What an operator should hear of it, a line each. */
  notice: (text: string) => void
  signal: AbortSignal
}

/** What a server lists now: connects, asks, and ends the connection. Throws what the SDK throws. */
export async function listDefinitions(options: ListOptions): Promise<PinnedDefinition[]> {
  const { entry, timeoutMs = 30_000, notice, signal } = options
  const client = await connectClient({
    entry,
    timeoutMs,
    elicitation: false,
    onListChanged: () => {},
    log: notice,
    signal,
  })
  try {
    const { tools } = await client.listTools(undefined, { timeout: timeoutMs, signal })
    return readDefinitions(tools, notice)
  } finally {
    await client.close().catch(() => {})
  }
}
