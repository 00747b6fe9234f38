import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Json, newKeyRing } from '@lelu/engine'
import type { Host } from '../servers/two-hosts.ts'
import { type Actor, startHere, startProcess } from './actor.ts'
import type { StoreHarness, StoreServer } from './harness.ts'
import { openHosts, type StoreHosts } from './hosts.ts'
import type { WorkerSetup } from './protocol.ts'
import { type LossyProxy, startProxy } from './proxy.ts'
import { seededRandom } from './random.ts'

export type ActorOptions = {
  strict?: boolean
  /** How far its own clock is ahead, in ms. */
  aheadMs?: number
  leaseMs?: number
  deadlineMs?: number
  /** Runs on one of the two hosts, and uses the store that is there. */
  host?: 'database' | 'away'
  /** Connects through this port instead of the server's. */
  port?: number
  /** Shares the folder of its audit log with whoever gives the same name. */
  folder?: string
}

/** One store for the whole suite, those who share it, and what their tool did. */
export type StoreStage = {
  full: boolean
  server: StoreServer
  random: () => number
  /** How often to do it: in a quick run, and in a full one. */
  rounds(quick: number, full: number): number
  /** A name for a run that nobody has used. */
  run(): string
  /** Two of them, which stay for the next case. */
  pair(options?: ActorOptions): Promise<[Actor, Actor]>
  /** One that stays for the next case: the same for the same options. */
  actor(options?: ActorOptions): Promise<Actor>
  /** One of its own, for a case that kills or stops it. */
  fresh(options?: ActorOptions): Promise<Actor>
  proxy(): Promise<LossyProxy>
  /** Two hosts with a store of its own on one of them: the same for all cases. */
  hosts(): Promise<StoreHosts>
  /** How often the tool ran for this approval. */
  effects(approval: string): number
  /** The numbers of the events of this approval in the logs of a folder, as often as they are there. */
  events(folder: string, approval: string): number[]
  /** Notes what must not be. */
  wrong(sentence: string): void
  /** What was noted since the last time. */
  takeWrongs(): string[]
  close(): Promise<void>
}

const seed = 20_261_122

function linesIn(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

export async function openStage(
  harness: StoreHarness,
  module: string,
  full: boolean,
): Promise<StoreStage> {
  const server = await harness.start()
  const folder = mkdtempSync(join(tmpdir(), 'lelu-stores-'))
  const ledger = join(folder, 'ledger.txt')
  writeFileSync(ledger, '')
  const keys = newKeyRing(Date.now())
  const random = seededRandom(seed)
  const staying = new Map<string, Promise<Actor>>()
  const all = new Set<{ close(): Promise<void> }>()
  let count = 0
  let wrongs: string[] = []

  let opened: Promise<StoreHosts> | undefined
  function hosts(): Promise<StoreHosts> {
    opened ??= openHosts(harness)
    return opened
  }

  async function placeOf({ port, host }: ActorOptions): Promise<Json> {
    if (host !== undefined) return (await hosts()).server.place
    if (port === undefined) return server.place
    if (harness.placeAt === undefined) throw new Error(`${harness.name} cannot be proxied.`)
    return harness.placeAt(server.place, port)
  }

  async function hostOf({ host }: ActorOptions): Promise<Host | undefined> {
    return host && (await hosts())[host]
  }

  async function fresh(options: ActorOptions = {}): Promise<Actor> {
    count += 1
    const own = `actor-${count}`
    const setup: WorkerSetup = {
      module,
      harness: harness.name,
      place: await placeOf(options),
      directory: join(folder, options.folder ?? own),
      ledger,
      keys,
      strict: options.strict ?? false,
      aheadMs: options.aheadMs ?? 0,
      leaseMs: options.leaseMs ?? 30_000,
      deadlineMs: options.deadlineMs ?? 10_000,
    }
    const actor = harness.capabilities.processes
      ? await startProcess(setup, join(folder, 'compiled'), await hostOf(options))
      : await startHere(setup, await harness.openKeyv(setup.place))
    all.add(actor)
    return actor
  }

  function stay(name: string, options: ActorOptions): Promise<Actor> {
    const key = JSON.stringify([name, options])
    const known = staying.get(key) ?? fresh(options)
    staying.set(key, known)
    return known
  }

  return {
    full,
    server,
    random,
    rounds: (quick, many) => (full ? many : quick),
    run: () => {
      count += 1
      return `run-${count}`
    },
    pair: (options = {}) => Promise.all([stay('first', options), stay('second', options)]),
    actor: (options = {}) => stay('first', options),
    fresh,
    async proxy() {
      if (server.port === undefined) throw new Error(`${harness.name} has no port.`)
      const proxy = await startProxy(server.port, random)
      all.add({ close: () => proxy.stop() })
      return proxy
    },
    hosts,
    effects: (approval) => linesIn(ledger).filter((line) => line === approval).length,
    events(name, approval) {
      const audit = join(folder, name, 'audit')
      const files = existsSync(audit)
        ? readdirSync(audit, { recursive: true, encoding: 'utf8' })
        : []
      return files
        .filter((file) => file.endsWith('.jsonl'))
        .flatMap((file) => linesIn(join(audit, file)))
        .filter((line) => line.includes(approval))
        .flatMap((line) => {
          const { refs } = JSON.parse(line) as { refs?: { approval?: string; event?: number } }
          return refs?.approval === approval && refs.event !== undefined ? [refs.event] : []
        })
    },
    wrong: (sentence) => void wrongs.push(sentence),
    takeWrongs() {
      const taken = wrongs
      wrongs = []
      return taken
    },
    async close() {
      // What was noted is worth more than a server that will not stop in order.
      await Promise.allSettled([...all].map((one) => one.close()))
      await opened?.then((both) => both.close()).catch(() => {})
      await server.stop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
