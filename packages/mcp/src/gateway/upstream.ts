import { type Client, SdkError, SdkErrorCode } from '@modelcontextprotocol/client'
import { LeluMcpError } from '../errors.ts'
import type { ServerEntry } from './config.ts'
import { connectClient } from './connect.ts'
import { type PinnedDefinition, readDefinitions } from './definition.ts'
import { listTools, signOfLife } from './list-tools.ts'
import { strippedLine } from './stripped-text.ts'
import { awayError } from './upstream-errors.ts'

export type UpstreamOptions = {
  name: string
  entry: ServerEntry
  /** Of the handshake and of a list, ms. */
  connectTimeoutMs: number
  elicitation: boolean
  /** What the server lists, at every connection and change. Its calls wait for the end of this. */
  onTools: (tools: readonly PinnedDefinition[]) => Promise<void>
  onAway: () => void
  /** Prepares a client that was just connected. */
  onClient?: (client: Client) => void
  notice: (text: string) => void
}

/** One connection to a server, kept up as long as the gateway runs. */
export interface Upstream {
  readonly name: string
  /** Resolves when the first attempt to connect has ended, well or not. Never rejects. */
  readonly tried: Promise<void>
  /** The connection, once what the server lists is known. Throws `LELU_MCP_UPSTREAM_AWAY` when there is none. */
  client(): Promise<Client>
  /** Resolves when the server answers. Throws `LELU_MCP_UPSTREAM_AWAY` when it does not: a connection may be dead unseen. */
  reach(): Promise<void>
  /** A call failed in a way that says that this connection is no good any more. */
  doubt(client: Client): void
  /** Lists and judges the tools again. */
  refresh(): void
  /** Why it is away, for a person; undefined when it is not. */
  away(): string | undefined
  close(): Promise<void>
}

const firstPauseMs = 500
const longestPauseMs = 30_000
/** A connection that held for so long was a good one. */
const steadyMs = longestPauseMs

/** Connects at once, and again with growing pauses whenever the connection ends. */
export function openUpstream(options: UpstreamOptions): Upstream {
  const { name, notice } = options
  const closing = new AbortController()
  let current: Client | undefined
  let why: string | undefined = 'is not connected yet'
  /** What is being learnt of the current connection's tools; calls wait for it. */
  let learning: Promise<void> = Promise.resolve()
  /** Whose list is asked for again as soon as what is being learnt now is known. */
  let next: Client | undefined
  let attempts = 0
  let connectedAt = 0
  let timer: NodeJS.Timeout | undefined
  let connecting: Promise<void> = Promise.resolve()

  const tell = (sentence: string) => notice(`${name}: ${sentence}`)

  async function connect(): Promise<void> {
    let client: Client | undefined
    try {
      let listChanged = () => {}
      let flood = () => {}
      client = await connectClient({
        entry: options.entry,
        timeoutMs: options.connectTimeoutMs,
        elicitation: options.elicitation,
        onListChanged: () => listChanged(),
        onFlood: () => flood(),
        log: tell,
        signal: closing.signal,
      })
      const connected = client
      options.onClient?.(connected)
      connected.onclose = () => lose(connected, 'closed the connection')
      flood = () => lose(connected, 'sends messages without end')
      listChanged = () => {
        if (current === connected) learn(connected)
      }
      current = connected
      connectedAt = performance.now()
      learn(connected)
      await learning
      if (current !== connected) return
      why = undefined
      watchSubscription(connected)
    } catch (error) {
      await client?.close().catch(() => {})
      later(`cannot be reached (${reasonOf(error)})`)
    }
  }

  /**
   * Asks for the list again. Until it is judged no call goes out: what changed may be what the call relies on. However many
   * changes are told meanwhile, it is asked for once more: a server that floods must not keep its calls waiting for ever.
   */
  function learn(client: Client): void {
    if (next === client) return
    next = client
    learning = learning.then(async () => {
      if (next === client) next = undefined
      if (current !== client) return
      let failed = 'does not list its tools'
      try {
        const tools = await listTools(client, options.connectTimeoutMs)
        failed = 'has tools that cannot be held against their pins'
        if (current === client) await options.onTools(readDefinitions(tools, tell))
      } catch (error) {
        lose(client, `${failed} (${reasonOf(error)})`)
      }
    })
  }

  /** On 2026-07-28 changes are told on a stream; without it the gateway would go on with an old list. */
  function watchSubscription(client: Client): void {
    client.autoOpenedSubscription?.closed.then(
      (how) => {
        if (how !== 'local') lose(client, 'ended the stream of its changes')
      },
      () => {},
    )
  }

  function lose(client: Client, what: string): void {
    if (current !== client) return
    current = undefined
    // One that connects well and then floods, or dies, is waited for as long as one that cannot be reached.
    if (performance.now() - connectedAt > steadyMs) attempts = 0
    client.onclose = () => {}
    client.close().catch(() => {})
    later(what)
  }

  function later(what: string): void {
    why = what
    options.onAway()
    if (closing.signal.aborted) return
    const pause = Math.min(firstPauseMs * 2 ** attempts, longestPauseMs)
    attempts += 1
    notice(`${name} ${what}; its tools are absent, and it is tried again in ${pause / 1000} s`)
    clearTimeout(timer)
    timer = setTimeout(() => {
      connecting = connect()
    }, pause)
    timer.unref()
  }

  async function connected(): Promise<Client> {
    const wanted = current
    await learning
    // Lost, or replaced, while its list was read.
    if (wanted === undefined || current !== wanted || why !== undefined) throw awayError(name)
    return wanted
  }

  connecting = connect()
  return {
    name,
    tried: connecting,
    client: connected,
    async reach() {
      const client = await connected()
      try {
        await signOfLife(client)
      } catch (error) {
        // One that is late may be at work on the calls of others, which would end with the connection.
        const isLate = error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout
        if (!isLate) lose(client, 'cannot be reached')
        throw awayError(name, isLate ? 'does not answer' : 'cannot be reached')
      }
    },
    doubt: (client) => lose(client, 'was lost during a call'),
    refresh: () => {
      if (current !== undefined) learn(current)
    },
    away: () => why,
    async close() {
      closing.abort()
      clearTimeout(timer)
      const client = current
      current = undefined
      why = 'is closed'
      if (client !== undefined) client.onclose = () => {}
      await client?.close().catch(() => {})
      await connecting
    },
  }
}

/** Why a connection failed, for a person: no addresses and no headers, for they may hold secrets. */
function reasonOf(error: unknown): string {
  if (error instanceof LeluMcpError) return `${error.code}: ${error.message}`
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code } = current as { code?: unknown }
    if (typeof code === 'string' && /^[A-Z][A-Z_]+$/.test(code)) return code
  }
  return error instanceof Error ? strippedLine(error.name) : 'unknown'
}
