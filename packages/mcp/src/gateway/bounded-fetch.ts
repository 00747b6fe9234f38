import type { FetchLike } from '@modelcontextprotocol/client'

const lineBreak = 0x0a

/**
 * `fetch` that ends an answer whose message does not end: of a stream of events at most `limit` bytes from one empty
 * line to the next, of anything else at most `limit` bytes. The SDK itself reads whatever comes into memory.
 */
export function boundedFetch(limit: number): FetchLike {
  return async (url, init) => {
    const response = await fetch(url, init)
    if (response.body === null) return response
    const type = response.headers.get('content-type') ?? ''
    const bounded = response.body.pipeThrough(bound(limit, type.startsWith('text/event-stream')))
    const { status, statusText, headers } = response
    const copy = new Response(bounded, { status, statusText, headers })
    // Where it came from counts for the rule about redirects.
    Object.defineProperties(copy, {
      url: { value: response.url },
      redirected: { value: response.redirected },
    })
    return copy
  }
}

function bound(limit: number, isStream: boolean): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0
  return new TransformStream({
    transform(chunk, controller) {
      const end = isStream ? lastEmptyLine(chunk) : -1
      seen = end === -1 ? seen + chunk.length : chunk.length - end
      if (seen > limit) controller.error(new Error('the answer is larger than is read'))
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
