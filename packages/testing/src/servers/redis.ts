import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { folderOf, freePort, runServer, type ServerProcess, succeeds } from './server-process.ts'
import type { Host } from './two-hosts.ts'

/** How `startRedis` sets its server up. */
export type RedisOptions = {
  /** Whether it keeps what it answers: append-only file, synced at each write, no eviction. Default true. */
  durable?: boolean
  /** Further settings of its configuration. */
  config?: Readonly<Record<string, string>>
  /** Where it runs; this host, on a free loopback port, when there is none. */
  host?: Host
}

/** A running Redis or Valkey with a folder of its own; `url` is what a client takes. */
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

/** The same, asked on another host by a process there. */
function answersOn(host: Host, port: number): Promise<boolean> {
  const script = `const s = require('node:net').connect(${port}, '${host.address}', () => s.write('PING\\r\\n'))
s.on('data', (data) => process.exit(data.toString().startsWith('+PONG') ? 0 : 1)).on('error', () => process.exit(1))`
  const [program, ...words] = host.inside([process.execPath, '-e', script])
  return succeeds(program, words)
}

/** A Redis (or Valkey) server of its own in a temporary folder, on a free loopback port or on the address of `host`. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const path = program()
  const { host } = options
  if (path === undefined) throw new Error('Neither Redis nor Valkey is installed.')
  const folder = mkdtempSync(join(tmpdir(), 'lelu-redis-'))
  const port = await freePort()
  const address = host?.address ?? '127.0.0.1'
  const config = {
    port: `${port}`,
    bind: address,
    ...(host !== undefined && { 'protected-mode': 'no' }),
    dir: folder,
    save: '""',
    ...(options.durable !== false && durable),
    ...options.config,
  }
  const file = join(folder, 'redis.conf')
  const lines = Object.entries(config).map(([name, value]) => `${name} ${value}\n`)
  writeFileSync(file, lines.join(''))
  const [launched, ...words] = host === undefined ? [path, file] : host.inside([path, file])
  const server = await runServer({
    name: 'Redis',
    launch: () => spawn(launched as string, words, { stdio: 'ignore' }),
    isReady: () => (host === undefined ? answers(port) : answersOn(host, port)),
    cleanUp: () => rmSync(folder, { recursive: true, force: true }),
  })
  return { ...server, continue: server.resume, port, url: `redis://${address}:${port}` }
}
