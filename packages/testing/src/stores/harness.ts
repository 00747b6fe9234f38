import type { Json } from '@lelu/engine'
import type { Host } from '../servers/two-hosts.ts'

/** A Keyv of any version. */
export type StoreKeyv = {
  readonly store?: unknown
  get(key: string): Promise<unknown>
  disconnect(): Promise<unknown>
}

/** What a store can do. A case that needs something it cannot do is skipped, with the reason in its name. */
export type StoreCapabilities = {
  /** Processes of their own may share it. */
  processes: boolean
  /** Deadlines go by the clock of the database, whatever the clocks of its clients say. */
  serverClock: boolean
  /** It is a server: it can be killed, stopped, and reached through a proxy. Needs `port` and `placeAt`. */
  network: boolean
  /** It can be started on a host of a test of two hosts. Needs `startOn`. */
  hosts: boolean
}

/** A store that runs for one suite. What only a server can do is not called where `network` is false. */
export type StoreServer = {
  /** What a process needs to open it: a path or a URL. */
  place: Json
  port?: number
  /** SIGKILL: nothing is flushed, nobody is told. */
  kill(): Promise<void>
  /** Starts it again on the same data and the same port. */
  restart(): Promise<void>
  /** It stands still, with its connections open. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** One store, as the suite drives it. `name` also names the export of the harness module. */
export type StoreHarness = {
  name: string
  capabilities: StoreCapabilities
  start(): Promise<StoreServer>
  /** Starts another one on this host. Its place is reached from both hosts, and from nowhere else. */
  startOn?(host: Host): Promise<StoreServer>
  /** The same place, reached through another port of this host. */
  placeAt?(place: Json, port: number): Json
  /** Called in every process that shares the store; must be what a user would write. */
  openKeyv(place: Json): Promise<StoreKeyv>
}

/** For stores that live in a file or in memory: there is no server to do anything to. */
export function noServer(place: Json, stop: () => Promise<void>): StoreServer {
  const refuse = () => {
    throw new Error('This store is no server.')
  }
  return { place, kill: refuse, restart: refuse, pause: refuse, resume: refuse, stop }
}
