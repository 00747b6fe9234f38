import { type Client, ProtocolError, type Tool } from '@modelcontextprotocol/client'

const lifeMs = 5_000

/** What a server lists now. The time is that of all pages: the SDK's is of each, and a server may have 64 of them. */
export async function listTools(client: Client, timeoutMs: number): Promise<Tool[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  const options = { timeout: timeoutMs, signal, cacheMode: 'bypass' } as const
  return (await client.listTools(undefined, options)).tools
}

/**
 * Resolves when the server answers, whatever it answers. Rejects as the SDK does, and after 5 s. By the list of its tools,
 * which it has answered before: 2026-07-28 has no ping, and servers written by hand pass over one.
 */
export async function signOfLife(client: Client): Promise<void> {
  try {
    await listTools(client, lifeMs)
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
  }
}
