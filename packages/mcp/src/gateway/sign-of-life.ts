import { type Client, ProtocolError } from '@modelcontextprotocol/client'

const timeoutMs = 5_000

/** Resolves when the server answers, whatever it answers. Rejects as the SDK does, and after 5 s. */
export async function signOfLife(client: Client): Promise<void> {
  try {
    // 2026-07-28 has no ping.
    if (client.getProtocolEra() === 'modern')
      await client.listTools(undefined, { timeout: timeoutMs, cacheMode: 'bypass' })
    else await client.ping({ timeout: timeoutMs })
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
  }
}
