/** What came of opening a connection as a client does. Text of the server is data: shorten and escape it when shown. */
export type Handshake =
  | {
      status: 'connected'
      /** The revision that was agreed on. */
      protocol: string
      era: 'legacy' | 'modern'
      transport: 'streamable-http' | 'sse' | 'stdio'
      server: { name: string; version: string }
      tools: number
    }
  | {
      status: 'failed'
      reason: 'unreachable' | 'not_started' | 'unauthorized' | 'timeout' | 'not_mcp'
    }

/** A connection that can be closed, whatever came of it. */
export type Attempt = {
  open(signal: AbortSignal): Promise<Extract<Handshake, { status: 'connected' }>>
  close(): Promise<void>
}
