import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { NotifyOptions, NotifyTarget } from '../../src/index.ts'
import { verifyWebhook } from '../../src/index.ts'
import type { Notification } from '../../src/notify/notification.ts'

export const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** What came in: the raw body, and what it says. */
export type Received = { headers: IncomingMessage['headers']; body: string; path: string }

export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Answer =>
  (response) =>
    void response.writeHead(code, headers).end(body)

/** A server on this host that keeps what it is sent. `answers` are for the next requests; after them comes 204. */
export async function receiver() {
  const received: Received[] = []
  const answers: Answer[] = []
  const waiting: (() => void)[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString('utf8')
    received.push({ headers: request.headers, body, path: request.url ?? '' })
    for (const resolve of waiting.splice(0)) resolve()
    const answer = answers.shift() ?? status(204)
    answer(response, request)
  })
  const listen = (port: number) =>
    new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  onTestFinished(async () => void (server.listening && (await stop())))
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    answers,
    stop,
    start: () => listen(port),
    /** The next request, as soon as it is there. */
    next: () => new Promise<void>((resolve) => waiting.push(resolve)),
    /** What was told so far, with its signature checked; with `now` its time as well. */
    told(now?: () => number): (Notification & { id: string })[] {
      const checked = now === undefined ? { toleranceSeconds: Number.POSITIVE_INFINITY } : { now }
      return received.map(({ headers, body }) => verifyWebhook(headers, body, secret, checked))
    },
  }
}

export function webhook(url: string, more: Partial<NotifyTarget> = {}): NotifyTarget {
  return { name: 'ops', type: 'webhook', url, secret, ...more }
}

export function notifying(
  url: string,
  more: Partial<NotifyOptions> = {},
  target: Partial<NotifyTarget> = {},
): { notify: NotifyOptions } {
  // So rarely that tests alone say when: at a transition of this engine, and when they call deliver().
  return { notify: { targets: [webhook(url, target)], everyMs: 3_600_000, ...more } }
}
