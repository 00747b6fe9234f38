import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FetchLike } from '@modelcontextprotocol/client'
import { Agent, EnvHttpProxyAgent, request } from 'undici'

const lineBreak = 0x0a

/** How long an answer may take, the SDK says for each call; and a stream of events may be quiet for hours. */
const patient = { headersTimeout: 0, bodyTimeout: 0 }

/** As `fetch` of Node: a proxy of the environment only where the host says so. */
const dispatcher =
  process.env.NODE_USE_ENV_PROXY === '1' ? new EnvHttpProxyAgent(patient) : new Agent(patient)

/**
 * What the SDK's transports call in place of `fetch`. It ends an answer whose message does not end: of a stream of events
 * at most `limit` bytes from one empty line to the next, of anything else at most `limit` bytes. The SDK itself reads
 * whatever comes into memory. Redirects come back as they are, for the SDK follows them itself. A packed answer is an
 * error: its length would say nothing about that of the message.
 */
export function boundedFetch(limit: number): FetchLike {
  return async (url, { method, headers, body, signal } = {}) => {
    const asked = new Headers(headers)
    asked.set('accept-encoding', 'identity')
    const answer = await request(url, {
      method: method ?? 'GET',
      headers: asked,
      body: (body as string | null | undefined) ?? null,
      signal: signal ?? null,
      dispatcher,
    })
    const { statusCode: status } = answer
    // Whoever reads it is told as well. One that nobody hears would end the process.
    answer.body.on('error', () => {})
    const bounded = await boundedBody(answer, limit)
    const isEmpty = nullBody.has(status)
    const response = new Response(isEmpty ? null : bounded, {
      status,
      headers: headersOf(answer.headers),
    })
    // Where it came from counts for the rule about redirects.
    return Object.defineProperty(response, 'url', { value: String(url) })
  }
}

/** Statuses that must not have a body (Fetch, "null body status"). */
const nullBody: ReadonlySet<number> = new Set([204, 205, 304])

function headersOf(given: IncomingHttpHeaders): Headers {
  const headers = new Headers()
  for (const [name, value = []] of Object.entries(given)) {
    for (const one of [value].flat()) headers.append(name, one)
  }
  return headers
}

function boundedBody(
  { headers, body }: { headers: IncomingHttpHeaders; body: Readable },
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> | ReadableStream<Uint8Array> {
  const { 'content-type': type = '', 'content-encoding': packed = 'identity' } = headers
  if (packed !== 'identity') {
    body.destroy()
    throw new Error('the answer is packed, which nobody asked for')
  }
  // A stream of the web costs more than the rest of a call: what is one message is read right here.
  if (!type.startsWith('text/event-stream')) return wholeBody(body, limit)
  return (Readable.toWeb(body) as ReadableStream<Uint8Array>).pipeThrough(eachEvent(limit))
}

const tooLarge = () => new Error('the answer is larger than is read')

async function wholeBody(body: Readable, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = []
  let size = 0
  // Leaving the loop by an error ends the connection as well.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

function eachEvent(limit: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0
  return new TransformStream({
    transform(chunk, controller) {
      const end = lastEmptyLine(chunk)
      seen = end === -1 ? seen + chunk.length : chunk.length - end
      if (seen > limit) controller.error(tooLarge())
      else controller.enqueue(chunk)
    },
  })
}

/** Where the last event of a chunk ends, or -1. An end that is split over two chunks is missed, and the next one counts. */
function lastEmptyLine(chunk: Uint8Array): number {
  for (let at = chunk.length - 1; at > 0; at -= 1) {
    if (chunk[at] !== lineBreak) continue
    if (chunk[at - 1] === lineBreak || chunk[at - 2] === lineBreak) return at + 1
  }
  return -1
}
