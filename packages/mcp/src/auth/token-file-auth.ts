import type { IncomingMessage } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { Log } from '../eras/log.ts'
import { LeluMcpError } from '../errors.ts'
import { watchPath } from '../files/watch-path.ts'
import type { Principal } from '../surface/principal.ts'
import type { Authenticator, Verdict } from './authenticator.ts'
import { refusedToken, tokenOf } from './token-auth.ts'
import { readTokenFile } from './token-file.ts'

type Entry = { principal: Principal; revoked: AbortController }

const unreadable: Verdict = {
  challenge: {
    status: 503,
    headers: { 'retry-after': '5' },
    message:
      'LELU_MCP_PRINCIPALS_INVALID: The file of principals cannot be read. Whoever runs the server must correct it.',
  },
}

/**
 * Authentication by the bearer tokens of a file that is read again when it changes, until the signal: a token that is
 * taken out is refused within a second, and its streams end. While the file cannot be read no token is good, for nobody
 * knows which one was taken out. Throws `LELU_MCP_PRINCIPALS_INVALID` where it cannot be read at first.
 */
export async function tokenFileAuth(
  path: string,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<Authenticator> {
  let entries = new Map<string, Entry>()
  let isRead = false

  function read(): void {
    isRead = false
    const next = new Map<string, Entry>()
    for (const [digest, principal] of readTokenFile(path)) {
      const known = entries.get(digest)
      const isSame = known !== undefined && isDeepStrictEqual(known.principal, principal)
      next.set(digest, isSame ? known : { principal, revoked: new AbortController() })
    }
    for (const [digest, { revoked }] of entries)
      if (next.get(digest)?.revoked !== revoked) revoked.abort()
    entries = next
    isRead = true
  }

  function readAgain(): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof LeluMcpError)) throw error
      log('error', `${error.code}: ${error.message} No token is taken meanwhile. ${error.help}`)
    }
  }

  // Before the first reading, so that no change falls between the two.
  const stop = await watchPath(path, readAgain)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    read()
  } catch (error) {
    stop()
    throw error
  }
  return {
    open: false,
    documents: new Map(),
    async authenticate(req: IncomingMessage) {
      if (!isRead) return unreadable
      const entry = tokenOf(req, entries)
      if (entry === undefined) return refusedToken
      return { principal: entry.principal, revoked: entry.revoked.signal }
    },
  }
}
