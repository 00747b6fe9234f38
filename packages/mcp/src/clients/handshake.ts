import type { Handshake } from './attempt.ts'
import type { Server } from './entry.ts'

export type HandshakeOptions = {
  /** `legacy`: begins with `initialize`. `modern`: begins with `server/discover`, and falls back. */
  era: 'legacy' | 'modern'
  signal: AbortSignal
  /** ms for all of it. Default 10 s; 60 s for a command, which may be installed first. */
  timeoutMs?: number
  /** What a command inherits. */
  env: Readonly<Record<string, string | undefined>>
}

const httpTimeoutMs = 10_000
const commandTimeoutMs = 60_000

/** Opens a connection to a server with its references resolved, lists its tools, and closes it. Never throws. */
export async function handshake(server: Server, options: HandshakeOptions): Promise<Handshake> {
  const defaultMs = server.kind === 'http' ? httpTimeoutMs : commandTimeoutMs
  const expired = AbortSignal.timeout(options.timeoutMs ?? defaultMs)
  const signal = AbortSignal.any([options.signal, expired])
  const attempts =
    options.era === 'modern'
      ? (await import('./handshake-modern.ts')).modernAttempts(server, options.env)
      : (await import('./handshake-legacy.ts')).legacyAttempts(server, options.env)
  let last: unknown
  for (const attempt of attempts) {
    try {
      return await stoppable(attempt.open(signal), signal)
    } catch (error) {
      last = error
      if (signal.aborted || isUnauthorized(error)) break
    } finally {
      await attempt.close().catch(() => {})
    }
  }
  if (expired.aborted) return { status: 'failed', reason: 'timeout' }
  const reason = reasonOf(last)
  const notStarted = reason === 'unreachable' && server.kind === 'stdio'
  return { status: 'failed', reason: notStarted ? 'not_started' : reason }
}

/** A transport that does not hear the signal must not hold the command. */
function stoppable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}

function isUnauthorized(error: unknown): boolean {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return (
    code === 401 || code === 403 || name === 'UnauthorizedError' || /\b40[13]\b/.test(text(error))
  )
}

function reasonOf(error: unknown): 'unreachable' | 'unauthorized' | 'not_mcp' {
  if (isUnauthorized(error)) return 'unauthorized'
  return /fetch failed|ECONN|ENOTFOUND|EAI_AGAIN|ENOENT|Connection closed|socket/i.test(text(error))
    ? 'unreachable'
    : 'not_mcp'
}

function text(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : ` ${text(error.cause)}`
  return `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}${cause}`
}
