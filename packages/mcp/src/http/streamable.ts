import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { legacySession } from '../eras/legacy.ts'
import type { EraOptions } from '../eras/options.ts'
import { createEventStore } from './event-store.ts'
import { refuse } from './json-answer.ts'
import type { Known } from './known.ts'
import type { Sessions } from './sessions.ts'

export type StreamableSessions = Sessions<StreamableHTTPServerTransport>

export const sessionHeader = 'mcp-session-id'

/** One request of Streamable HTTP up to 2025-11-25: opens a session, or belongs to one. `body` is that of a POST. */
export async function answerStreamable(
  { req, principal }: Known,
  res: ServerResponse,
  body: unknown,
  sessions: StreamableSessions,
  options: EraOptions,
): Promise<void> {
  const id = req.headers[sessionHeader]
  if (id === undefined) {
    if (req.method !== 'POST')
      return refuse(res, 405, 'Method not allowed without a session.', {
        headers: { allow: 'POST' },
      })
    if (!isInitialize(body))
      return refuse(res, 400, 'A session is needed: send initialize first, then Mcp-Session-Id.')
    return open({ req, principal }, res, body, sessions, options)
  }
  const held = typeof id === 'string' ? sessions.find(id, principal.key) : undefined
  if (held === undefined) return refuse(res, 404, 'Session not found', { code: -32001 })
  res.once('close', sessions.use(held))
  await held.transport.handleRequest(req, res, body)
}

async function open(
  { req, principal }: Known,
  res: ServerResponse,
  body: unknown,
  sessions: StreamableSessions,
  options: EraOptions,
): Promise<void> {
  if (!sessions.makeRoom(principal.key))
    return refuse(res, 503, 'Too many sessions.', { headers: { 'retry-after': '60' } })
  const id = randomUUID()
  const session = legacySession(options, principal)
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => id,
    eventStore: createEventStore(),
    retryInterval: 1000,
    onsessioninitialized: () => {
      const held = sessions.add({ id, owner: principal.key, session, transport })
      res.once('close', sessions.use(held))
    },
  })
  transport.onclose = () => sessions.remove(id)
  session.connect(transport as Transport)
  await transport.handleRequest(req, res, body)
  // The transport refused what only looked like an opening.
  if (transport.sessionId === undefined) await session.close()
}

function isInitialize(body: unknown): boolean {
  return (body as { method?: unknown } | null)?.method === 'initialize'
}
