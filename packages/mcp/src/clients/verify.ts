import type { Handshake } from './attempt.ts'
import type { Client, Place } from './client.ts'
import { own } from './documents/format.ts'
import { readEntry, type Server } from './entry.ts'
import { handshake } from './handshake.ts'
import type { Opened } from './plan.ts'
import { expand } from './references.ts'

/** The server of an entry as its client starts it, and what keeps it from starting. */
export type Resolved = { server: Server; unset: string[] } | { problem: string }

/** Reads an entry back from its file and resolves its references, as the client does. */
export function resolveEntry({ client, servers }: Opened, name: string, place: Place): Resolved {
  const entry = readEntry(own(servers ?? {}, name))
  if ('problem' in entry) return entry
  return resolveServer(client, entry, place)
}

function resolveServer(client: Client, entry: Server, { env }: Place): Resolved {
  const { value: server, unset } = expand(entry, client.reads, env)
  if (server.kind === 'stdio' || server.tokenEnv === undefined) return { server, unset }
  const token = env[server.tokenEnv]
  if (token === undefined || token === '') return { server, unset: [...unset, server.tokenEnv] }
  return {
    server: { ...server, headers: { ...server.headers, Authorization: `Bearer ${token}` } },
    unset,
  }
}

export type Verified = { handshake: Handshake | null; skipped: string | null }

/** Connects to the server of an entry the way its client begins; `skipped` says why it did not. */
export async function verifyEntry(
  opened: Opened,
  name: string,
  place: Place,
  options: { era?: 'legacy' | 'modern'; signal: AbortSignal; trusted: boolean },
): Promise<Verified> {
  const resolved = resolveEntry(opened, name, place)
  if ('problem' in resolved) return { handshake: null, skipped: resolved.problem }
  const { server, unset } = resolved
  if (unset.length > 0) {
    const [first = ''] = unset
    return { handshake: null, skipped: `the environment variable ${first} is not set here` }
  }
  const refused = options.trusted ? null : refusal(server)
  if (refused !== null) return { handshake: null, skipped: refused }
  const era = options.era ?? (opened.client.era === 'modern' ? 'modern' : 'legacy')
  return { handshake: await handshake(server, { ...options, era, env: place.env }), skipped: null }
}

/**
 * A file that came with a folder may name any command, and any host with a reference to any variable of this
 * environment. Looking at it must neither start the one nor send the other. Nor is `npx @lelu/mcp` started: by its environment, its
 * folder, the packages in that or a configuration beside it, it starts whatever the folder has.
 */
function refusal(server: Server): string | null {
  if (server.kind === 'stdio') return 'a file of this folder names its command; --yes starts it'
  return isLoopback(server.url) ? null : 'it is on another machine; --yes connects to it'
}

/** Whether a URL is one of this machine. */
export function isLoopback(url: string): boolean {
  try {
    return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname)
  } catch {
    return false
  }
}
