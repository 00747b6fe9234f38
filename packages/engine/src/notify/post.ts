import { retryAfterMs } from './backoff.ts'

/** What became of one request. `final`: trying again would change nothing. `why` is for people, and never a URL. */
export type Answer =
  | { ok: true }
  | { ok: false; final: boolean; why: string; retryAfterMs?: number }

export type Message = { url: string; headers: Record<string, string>; body: string }

/** Refusals that pass: too slow, too early, too many. Any other 4xx stays what it is. */
const passing: readonly number[] = [408, 425, 429]
const mostRead = 4096

/** Reads a short answer, so that the connection can be used again, and drops a long one. It decides nothing. */
async function drain(body: Response['body']): Promise<void> {
  if (body === null) return
  let read = 0
  for await (const chunk of body) {
    read += chunk.length
    if (read > mostRead) return
  }
}

/** The system's word for it, such as ECONNREFUSED. The messages of fetch quote the URL, which may be a secret. */
function whyFailed(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } }
  if (name === 'TimeoutError') return 'no answer in time'
  if (name === 'AbortError') return 'stopped by the end of this process'
  const code = cause?.code
  return typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'connection failed'
}

/** Sends one message. Never throws, and never follows a redirect: it could lead anywhere, also inside the network. */
export async function post(
  { url, headers, body }: Message,
  signal: AbortSignal,
  now: () => number,
): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
  } catch (error) {
    return { ok: false, final: false, why: whyFailed(error) }
  }
  const { status } = response
  // What was answered counts, even when the rest of the answer is lost.
  await drain(response.body).catch(() => {})
  if (response.ok) return { ok: true }
  const final = status >= 400 && status < 500 && !passing.includes(status)
  const after = retryAfterMs(response.headers.get('retry-after'), now())
  const pause = after === undefined || final ? {} : { retryAfterMs: after }
  return { ok: false, final, why: `HTTP ${status}`, ...pause }
}
