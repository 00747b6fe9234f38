import type { ServerResponse } from 'node:http'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { legacySession } from '../eras/legacy.ts'
import type { EraOptions } from '../eras/options.ts'
import { refuse } from './json-answer.ts'
import type { Known } from './known.ts'
import type { Sessions } from './sessions.ts'

export type SseSessions = Sessions<SSEServerTransport>

export const messagesPath = '/messages'

/** Opens a stream of the HTTP+SSE transport (2024-11-05), which clients still fall back to. */
export function openSse(
  { principal }: Known,
  res: ServerResponse,
  sessions: SseSessions,
  options: EraOptions,
): void {
  if (!sessions.makeRoom(principal.key)) {
    refuse(res, 503, 'Too many sessions.', { headers: { 'retry-after': '60' } })
    return
  }
  const session = legacySession(options, principal)
  const transport = new SSEServerTransport(messagesPath, res)
  const id = transport.sessionId
  // The stream is the session: it is in use as long as it is open, and ends with it.
  sessions.use(sessions.add({ id, owner: principal.key, session, transport }))
  res.once('close', () => {
    sessions.remove(id)
    void session.close()
  })
  session.connect(transport as Transport)
}

/** A message for a stream, from the principal that opened it: the id in the address proves nothing. */
export async function answerMessage(
  { req, principal }: Known,
  res: ServerResponse,
  body: unknown,
  id: string | null,
  sessions: SseSessions,
): Promise<void> {
  const held = id === null ? undefined : sessions.find(id, principal.key)
  if (held === undefined) return refuse(res, 404, 'Session not found', { code: -32001 })
  await held.transport.handlePostMessage(req, res, body)
}
