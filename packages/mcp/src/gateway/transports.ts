import {
  SdkHttpError,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { sendInTurn } from '../stdio/send-in-turn.ts'
import { boundedFetch } from './bounded-fetch.ts'
import type { ServerEntry } from './config.ts'
import { strippedLine } from './stripped-text.ts'

/**
 * The longest message of an upstream that is read, in bytes. One that sends more is cut off: the SDK's reader of a child
 * copies what it has at every piece, and the whole gateway stands still meanwhile.
 */
const maxMessageBytes = 8 * 1024 * 1024

/** What a child needs to find its files and speak the user's language, and nothing of ours. */
const passedOn = ['LANG', 'LC_ALL', 'LC_CTYPE', 'TMPDIR', 'TZ']

/**
 * The environment of a child: what the configuration gives it beside a few names that hold no secrets. Tokens of this
 * process stay here.
 */
export function childEnvironment(
  own: Readonly<Record<string, string>>,
  parent: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const kept = passedOn.flatMap((name) => {
    const value = parent[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...getDefaultEnvironment(), ...Object.fromEntries(kept), ...own }
}

/** A transport that is not yet started. `log` gets what a child writes to its standard error, a line at a time. */
export function openTransport(
  entry: ServerEntry,
  over: 'http' | 'sse',
  log: (line: string) => void,
): Transport {
  if (entry.kind === 'stdio') {
    const { command, args, cwd } = entry
    const transport = sendInTurn(
      new StdioClientTransport({
        command,
        args: [...args],
        env: childEnvironment(entry.env),
        cwd,
        stderr: 'pipe',
        maxBufferSize: maxMessageBytes,
      }),
    )
    // Nobody reads it otherwise: a child that fills the pipe would stand still.
    transport.stderr?.on('data', (chunk: Buffer) => {
      for (const line of chunk.toString().split('\n'))
        if (line.trim() !== '') log(strippedLine(line))
    })
    return transport
  }
  const options = {
    // Only what the configuration gives: a token of our client is never sent on.
    requestInit: { headers: { ...entry.headers } },
    fetch: boundedFetch(maxMessageBytes),
  }
  const url = new URL(entry.url)
  return over === 'sse'
    ? new SSEClientTransport(url, options)
    : new StreamableHTTPClientTransport(url, options)
}

/** Ends the process behind a transport now, where there is one: to close it waits two seconds for it to end by itself. */
export function endChild(transport: Transport): void {
  if (!(transport instanceof StdioClientTransport) || transport.pid === null) return
  try {
    process.kill(transport.pid)
  } catch {
    // It has just ended.
  }
}

/** Whether the answer to the first request says that the server only knows HTTP+SSE (the spec's rule for clients). */
export function knowsOnlySse(error: unknown): boolean {
  const status = error instanceof SdkHttpError ? error.status : undefined
  return status === 400 || status === 404 || status === 405
}
