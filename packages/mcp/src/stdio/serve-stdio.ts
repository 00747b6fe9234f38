import { randomBytes } from 'node:crypto'
import process from 'node:process'
import type { Readable, Writable } from 'node:stream'
import type { Transport as LegacyTransport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio as serveModern } from '@modelcontextprotocol/server/stdio'
import { type LegacySession, legacySession } from '../eras/legacy.ts'
import { type Log, silent } from '../eras/log.ts'
import { modernServer } from '../eras/modern.ts'
import { defaultAskMs, type EraOptions, type ServerInfo } from '../eras/options.ts'
import type { Principal } from '../surface/principal.ts'
import type { Surface, SurfaceChange } from '../surface/surface.ts'
import { consoleTo } from './console-to.ts'
import { sendInTurn } from './send-in-turn.ts'
import { splitEras } from './split-eras.ts'

/** How `serveStdio` serves the one client of standard input and output. */
export type StdioOptions = {
  info: ServerInfo
  /** As of `HttpOptions`. Default random. */
  stateKey?: Uint8Array
  log?: Log
  /** How long the questions of one call may take with a client of the legacy era. Default and most 25 s. */
  askMs?: number
  /** Default the process's own. */
  stdin?: Readable
  stdout?: Writable
}

/** A connection over standard streams that is being served. */
export interface StdioServer {
  /** Settles when the client has closed its end, or after `close()`. */
  readonly closed: Promise<void>
  close(): Promise<void>
}

/**
 * Serves a surface to the one client at the other end of standard input and output, in the era it opens with. On
 * standard output goes nothing but the protocol: what is written by `console.log` meanwhile goes to standard error.
 */
export function serveStdio(
  surface: Surface,
  principal: Principal,
  options: StdioOptions,
): StdioServer {
  const { info, stateKey = randomBytes(32), log = silent, askMs = defaultAskMs } = options
  const era: EraOptions = { surface, info, stateKey, log, askMs }
  const { stdin = process.stdin, stdout = process.stdout } = options
  const restore = stdout === process.stdout ? consoleTo(toStderr) : () => {}
  const wire = sendInTurn(new StdioServerTransport(stdin, stdout))
  let modern: McpServer | undefined
  let legacy: LegacySession | undefined
  const eras = splitEras(wire, (transport) => {
    legacy = legacySession(era, principal)
    legacy.connect(transport as LegacyTransport)
  })
  const stopListening = surface.onChange?.((change) => {
    legacy?.changed(change)
    if (modern !== undefined && legacy === undefined) tell(modern, change)
  })
  const handle = serveModern(
    async () => {
      modern = modernServer(era, principal, [])
      return modern
    },
    {
      legacy: 'reject',
      transport: eras.modern,
      onerror: ({ name }) => log('debug', 'A message was refused or failed.', { error: name }),
    },
  )
  const closed = eras.closed.then(async () => {
    stopListening?.()
    await Promise.allSettled([handle.close(), legacy?.close()])
    restore()
  })
  return {
    closed,
    async close() {
      await wire.close()
      await closed
    },
  }
}

/** The SDK passes it on to those `subscriptions/listen` of the connection that asked for it. */
function tell(mcp: McpServer, change: SurfaceChange): void {
  // Nobody may be connected yet, or any more.
  const ignore = () => {}
  if (change.kind === 'tools') mcp.server.sendToolListChanged().catch(ignore)
  else if (change.kind === 'prompts') mcp.server.sendPromptListChanged().catch(ignore)
  else if (change.kind === 'resources') mcp.server.sendResourceListChanged().catch(ignore)
  else if (change.kind === 'resource')
    mcp.server.sendResourceUpdated({ uri: change.uri }).catch(ignore)
}

function toStderr(text: string): void {
  process.stderr.write(`${text}\n`)
}
