import { execFileSync, spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  folderOf,
  foldersIn,
  freePort,
  runServer,
  type ServerProcess,
  succeeds,
} from './server-process.ts'

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
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag: string, user: string) =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }))
  for (const user of ['postgres', 'nobody']) {
    try {
      return { uid: idOf('-u', user), gid: idOf('-g', user) }
    } catch {}
  }
  return {}
}

/**
 * A PostgreSQL server of its own in a temporary folder, on a free loopback port, with its durable defaults. `settings` are
 * those of postgresql.conf, such as `fsync=off`.
 */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const folder = programs()
  if (folder === undefined) throw new Error('PostgreSQL is not installed.')
  const data = mkdtempSync(join(tmpdir(), 'lelu-postgres-'))
  const as = account()
  if (as.uid !== undefined && as.gid !== undefined) chownSync(data, as.uid, as.gid)
  const options = { cwd: data, ...as }
  const made = ['-D', data, '-U', 'lelu', '-A', 'trust', '-E', 'UTF8']
  execFileSync(join(folder, 'initdb'), made, { ...options, stdio: 'pipe' })
  const port = await freePort()
  const words = ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', data]
  const set = settings.flatMap((setting) => ['-c', setting])
  const server = await runServer({
    name: 'PostgreSQL',
    launch: () =>
      spawn(join(folder, 'postgres'), [...words, ...set], { ...options, stdio: 'ignore' }),
    isReady: () =>
      succeeds(join(folder, 'pg_isready'), ['-h', '127.0.0.1', '-p', `${port}`, '-t', '1']),
    cleanUp: () => rmSync(data, { recursive: true, force: true }),
  })
  return { ...server, port, url: `postgresql://lelu@127.0.0.1:${port}/postgres` }
}
