import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf, freePort, runServer, type ServerProcess } from './server-process.ts'

export type RedisOptions = {
  /** Whether it keeps what it answers: append-only file, synced at each write, no eviction. Default true. */
  durable?: boolean
  /** Further settings of its configuration. */
  config?: Readonly<Record<string, string>>
}

export type RedisServer = ServerProcess & {
  url: string
  port: number
  /** After `pause`. */
  continue(): void
}

const durable = {
  appendonly: 'yes',
  appendfsync: 'always',
  'maxmemory-policy': 'noeviction',
}

/** Redis or, where only that is installed, Valkey. */
function program(): string | undefined {
  for (const name of ['redis-server', 'valkey-server']) {
    const folder = folderOf(name, ['/usr/bin', '/usr/local/bin'])
    if (folder !== undefined) return join(folder, name)
  }
  return undefined
}

/** Whether Redis or Valkey is installed here. Where it is not, tests say loudly what they skip. */
export function hasRedis(): boolean {
  return program() !== undefined
}

/** Whether it has read its file and answers. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1000, () => end(false))
    socket.on('error', () => end(false))
    socket.on('data', (data) => end(data.toString().startsWith('+PONG')))
    socket.on('close', () => resolve(false))
  })
}

/** A Redis (or Valkey) server of its own in a temporary folder, on a free loopback port. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const path = program()
  if (path === undefined) throw new Error('Neither Redis nor Valkey is installed.')
  const folder = mkdtempSync(join(tmpdir(), 'lelu-redis-'))
  const port = await freePort()
  const config = {
    port: `${port}`,
    bind: '127.0.0.1',
    dir: folder,
    save: '""',
    ...(options.durable !== false && durable),
    ...options.config,
  }
  const file = join(folder, 'redis.conf')
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`)
  writeFileSync(file, lines.join(''))
  const server = await runServer({
    name: 'Redis',
    launch: () => spawn(path, [file], { stdio: 'ignore' }),
    isReady: () => answers(port),
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  })
  return { ...server, continue: server.resume, port, url: `redis://127.0.0.1:${port}` }
}
