import { execFileSync, spawn } from 'node:child_process'
import { appendFileSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Account } from './namespace.ts'
import {
  folderOf,
  foldersIn,
  freePort,
  runServer,
  type ServerProcess,
  succeeds,
} from './server-process.ts'
import type { Host } from './two-hosts.ts'

/** A running PostgreSQL with a folder of its own; `url` is what a client takes. */
export type PostgresServer = ServerProcess & { url: string; port: number }

function programs(): string | undefined {
  return folderOf(
    'initdb',
    foldersIn('/usr/lib/postgresql').map((version) => join(version, 'bin')),
  )
}

/** Whether PostgreSQL is installed here. Where it is not, tests say loudly what they skip. */
export function hasPostgres(): boolean {
  return programs() !== undefined
}

/** PostgreSQL refuses to run as root, so root runs it as `postgres`, or as `nobody`. */
export function account(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (flag: string, user: string) =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }))
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) }
    } catch {}
  }
  return undefined
}

/** On this host as that account; on another one by what brings it there. */
function launcher(words: readonly string[], data: string, as: Account | undefined, host?: Host) {
  const [program, ...rest] = host === undefined ? words : host.inside(words, as)
  const options = { cwd: data, stdio: 'ignore', ...(host === undefined && as) } as const
  return () => spawn(program as string, rest, options)
}

/**
 * A PostgreSQL server of its own in a temporary folder, on a free loopback port or on the address of `host`, with its
 * durable defaults. `settings` are those of postgresql.conf, such as `fsync=off`.
 */
export async function startPostgres(
  settings: readonly string[] = [],
  host?: Host,
): Promise<PostgresServer> {
  const folder = programs()
  if (folder === undefined) throw new Error('PostgreSQL is not installed.')
  const data = mkdtempSync(join(tmpdir(), 'lelu-postgres-'))
  const as = account()
  if (as !== undefined) chownSync(data, as.uid, as.gid)
  const made = ['-D', data, '-U', 'lelu', '-A', 'trust', '-E', 'UTF8']
  execFileSync(join(folder, 'initdb'), made, { cwd: data, ...as, stdio: 'pipe' })
  if (host !== undefined) {
    const rule = `host all lelu ${host.network} trust\n`
    appendFileSync(join(data, 'pg_hba.conf'), rule)
  }
  const address = host?.address ?? '127.0.0.1'
  const port = await freePort()
  const words = ['-D', data, '-p', `${port}`, '-h', address, '-k', data]
  const set = settings.flatMap((setting) => ['-c', setting])
  const asked = [join(folder, 'pg_isready'), '-h', address, '-p', `${port}`, '-t', '1']
  const [ask, ...question] = host === undefined ? asked : host.inside(asked)
  const server = await runServer({
    name: 'PostgreSQL',
    launch: launcher([join(folder, 'postgres'), ...words, ...set], data, as, host),
    isReady: () => succeeds(ask as string, question),
    cleanUp: () => rmSync(data, { recursive: true, force: true }),
  })
  return { ...server, port, url: `postgresql://lelu@${address}:${port}/postgres` }
}
