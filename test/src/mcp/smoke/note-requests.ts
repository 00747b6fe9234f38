// Loaded ahead of `lelu-mcp serve`: tells the smoke job who asks. What listens is our server alone, with nothing between.
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** One request, as it arrived, or that one was refused for want of a token. */
export type Note = { agent: string; path: string; revision: string } | 'refused'

const tell = (note: Note) => process.send?.(note)

subscribe('http.server.request.start', (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
  const { 'user-agent': agent = '?', 'mcp-protocol-version': revision } = request.headers
  const path = (request.url ?? '').replace(/\?.*$/, '')
  tell({ agent, path, revision: String(revision ?? 'no revision yet') })
  response.once('finish', () => {
    if (response.statusCode === 401) tell('refused')
  })
})

// A job that is killed leaves no server behind. The channel alone must not keep one that was told to stop.
process.once('disconnect', () => process.exit())
process.channel?.unref()
