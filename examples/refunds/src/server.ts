import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Lelu } from '@lelu/engine'
import type { Agent } from './agent.ts'
import { chatRoutes } from './chat-routes.ts'
import { type Chats, isChatId } from './chats.ts'
import { HttpError, sendJson } from './http.ts'
import type { Pages } from './pages.ts'
import { reviewRoutes } from './review-routes.ts'

export type ServerOptions = {
  lelu: Lelu
  agent: Agent
  chats: Chats
  pages: Pages
  /** Of the reviewer. */
  token: string
}

/** The chat that this browser's cookie names. */
function chatOf({ headers }: IncomingMessage): string | undefined {
  const id = /(?:^|; )chat=([^;]*)/.exec(headers.cookie ?? '')?.[1]
  return isChatId(id) ? id : undefined
}

/** Against other sites that point their own name at this machine, or post from their own pages. */
function assertOwnPage({ headers, socket }: IncomingMessage): void {
  const own = [`127.0.0.1:${socket.localPort}`, `localhost:${socket.localPort}`]
  const { host = '', origin } = headers
  if (!own.includes(host) || (origin !== undefined && origin !== `http://${host}`)) {
    throw new HttpError(403, 'This server answers only its own pages.')
  }
}

/** Serves both pages and what they ask for. Not listening yet. */
export function createApp({ lelu, agent, chats, pages, token }: ServerOptions): Server {
  const chat = chatRoutes(agent, chats)
  const reviews = reviewRoutes(lelu, token)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    assertOwnPage(request)
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    const id = chatOf(request)
    switch (`${request.method} ${pathname}`) {
      case 'GET /':
      case 'GET /review':
        if (id === undefined) {
          const cookie = `chat=${randomUUID()}; HttpOnly; SameSite=Strict; Path=/`
          response.setHeader('set-cookie', cookie)
        }
        return pages.send(response, '/index.html')
      case 'GET /api/chat':
      case 'POST /api/chat':
        if (id === undefined) throw new HttpError(401, 'Open the page first.')
        return request.method === 'GET' ? chat.show(response, id) : chat.say(request, response, id)
      case 'GET /api/review':
        return reviews.list(request, response)
      case 'POST /api/review':
        return reviews.review(request, response)
    }
    if (request.method === 'GET' && pages.has(pathname)) return pages.send(response, pathname)
    throw new HttpError(404, 'There is nothing here.')
  }

  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!(error instanceof HttpError)) console.error(error)
      const { status, message } =
        error instanceof HttpError ? error : new HttpError(500, 'The server has failed.')
      if (response.headersSent) response.destroy()
      else sendJson(response, status, { error: message })
    })
  })
}
