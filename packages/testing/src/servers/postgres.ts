import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type PostgresServer = { url: string; stop(): Promise<void> }

/** Where Debian and others put PostgreSQL's programs; undefined when it is not installed. */
function programs(): string | undefined {
  const versions = '/usr/lib/postgresql'
  const debian = existsSync(versions)
    ? readdirSync(versions).map((version) => join(versions, version, 'bin'))
    : []
  const path = (process.env.PATH ?? '').split(':')
  return [...debian, ...path].find((folder) => existsSync(join(folder, 'initdb')))
}

/** Whether PostgreSQL is installed here. Where it is not, tests say loudly what they skip. */
export function hasPostgres(): boolean {
  return programs() !== undefined
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
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

async function isReady(folder: string, port: number): Promise<boolean> {
  const ready = spawn(join(folder, 'pg_isready'), ['-h', '127.0.0.1', '-p', `${port}`], {
    stdio: 'ignore',
  })
  return new Promise((resolve) => ready.on('close', (code) => resolve(code === 0)))
}

/** Lets clients that are leaving go first; whoever still holds on after 5 s is cut off. */
function stopper(server: ChildProcess, data: string): () => Promise<void> {
  const ended = new Promise<void>((resolve) => server.on('close', () => resolve()))
  return async () => {
    server.kill('SIGTERM')
    const late = setTimeout(() => server.kill('SIGINT'), 5000)
    await ended
    clearTimeout(late)
    rmSync(data, { recursive: true, force: true })
  }
}

/** A PostgreSQL server of its own in a temporary folder, on a free loopback port, with its durable defaults. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = programs()
  if (folder === undefined) throw new Error('PostgreSQL is not installed.')
  const data = mkdtempSync(join(tmpdir(), 'lelu-postgres-'))
  const as = account()
  if (as.uid !== undefined && as.gid !== undefined) chownSync(data, as.uid, as.gid)
  const options = { cwd: data, ...as }
  execFileSync(join(folder, 'initdb'), ['-D', data, '-U', 'lelu', '-A', 'trust', '-E', 'UTF8'], {
    ...options,
    stdio: 'pipe',
  })
  const port = await freePort()
  const server = spawn(
    join(folder, 'postgres'),
    ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', data],
    { ...options, stdio: 'ignore' },
  )
  const stop = stopper(server, data)
  for (let look = 0; look < 300; look += 1) {
    if (await isReady(folder, port)) {
      return { url: `postgresql://lelu@127.0.0.1:${port}/postgres`, stop }
    }
    await new Promise((next) => setTimeout(next, 100))
  }
  await stop()
  throw new Error('PostgreSQL did not start within 30 s.')
}
