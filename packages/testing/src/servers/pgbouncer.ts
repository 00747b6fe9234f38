import { spawn } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { account, type PostgresServer } from './postgres.ts'
import { folderOf, freePort, runServer, type ServerProcess } from './server-process.ts'

/** A running PgBouncer; `url` is what a client of PostgreSQL takes. */
export type PgBouncer = ServerProcess & { url: string }

const folder = (): string | undefined => folderOf('pgbouncer', ['/usr/sbin'])

/** Whether PgBouncer is installed here. Where it is not, tests say loudly what they skip. */
export function hasPgBouncer(): boolean {
  return folder() !== undefined
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true))
    socket.on('error', () => resolve(false)).on('connect', () => socket.destroy())
  })
}

/** A pooler before this server, in its default settings but for the ones given, such as `pool_mode=transaction`. */
export async function startPgBouncer(
  server: PostgresServer,
  settings: readonly string[] = [],
): Promise<PgBouncer> {
  const data = mkdtempSync(join(tmpdir(), 'lelu-pgbouncer-'))
  const port = await freePort()
  const lines = [
    ...['[databases]', `postgres = host=127.0.0.1 port=${server.port} user=lelu`, '[pgbouncer]'],
    ...['listen_addr=127.0.0.1', `listen_port=${port}`, 'unix_socket_dir=', 'auth_type=any'],
    ...settings,
  ]
  const file = join(data, 'pgbouncer.ini')
  writeFileSync(file, `${lines.join('\n')}\n`)
  // It refuses to run as root, as PostgreSQL does.
  const as = account()
  if (as !== undefined) for (const path of [data, file]) chownSync(path, as.uid, as.gid)
  const pooler = await runServer({
    name: 'PgBouncer',
    launch: () =>
      spawn(join(folder() ?? '', 'pgbouncer'), [file], { cwd: data, stdio: 'ignore', ...as }),
    isReady: () => listens(port),
    cleanUp: () => rmSync(data, { recursive: true, force: true }),
  })
  return { ...pooler, url: `postgresql://lelu@127.0.0.1:${port}/postgres` }
}
