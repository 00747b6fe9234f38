import type { IncomingMessage, ServerResponse } from 'node:http'

/** An answer that is not the one that was asked for. The page shows the message. */
export class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const maxBytes = 64 * 1024

/** The body as JSON. It is the browser's: read it with care. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  // A form of another site cannot send this type.
  if (request.headers['content-type'] !== 'application/json') {
    throw new HttpError(415, 'Send application/json.')
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new HttpError(413, 'That is too long.')
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new HttpError(400, 'That is no JSON.')
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(`${JSON.stringify(body)}\n`)
}
