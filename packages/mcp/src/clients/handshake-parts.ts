import type { Server } from './entry.ts'

// What both generations of the SDK are given.

export type Name = 'streamable-http' | 'sse' | 'stdio'
export type Env = Readonly<Record<string, string | undefined>>

/** What a client hands on to a server that it starts: not its secrets. */
const inherited = [
  ...['HOME', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER', 'TMPDIR', 'LANG'],
  ...['APPDATA', 'LOCALAPPDATA', 'PATHEXT', 'ProgramFiles', 'SystemRoot', 'TEMP', 'USERPROFILE'],
]

export function commandOptions(
  server: Extract<Server, { kind: 'stdio' }>,
  env: Env,
): {
  command: string
  args: string[]
  env: Record<string, string>
  stderr: 'ignore'
  cwd?: string
} {
  const handed: Record<string, string> = {}
  for (const name of inherited) {
    const value = env[name]
    if (value !== undefined) handed[name] = value
  }
  return {
    command: server.command,
    args: server.args,
    env: { ...handed, ...server.env },
    stderr: 'ignore',
    ...(server.cwd !== undefined && { cwd: server.cwd }),
  }
}

export function httpOptions({ headers }: Extract<Server, { kind: 'http' }>): {
  requestInit: { headers: Record<string, string> }
  fetch: typeof fetch
} {
  return { requestInit: { headers }, fetch: fetchWithoutRedirects }
}

/** Headers of an entry go to its own address only. */
const fetchWithoutRedirects: typeof fetch = (input, init) =>
  fetch(input, { ...init, redirect: 'error' })

/** What a server calls itself, bounded: it comes from outside. */
export function serverOf(info: { name?: unknown; version?: unknown } | undefined): {
  name: string
  version: string
} {
  return {
    name: String(info?.name ?? '').slice(0, 100),
    version: String(info?.version ?? '').slice(0, 100),
  }
}
