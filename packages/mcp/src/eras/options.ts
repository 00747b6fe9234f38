import type { Surface } from '../surface/surface.ts'
import type { Log } from './log.ts'

/** What both eras need of a server. */
export type EraOptions = {
  surface: Surface
  /** How the server names itself to clients. */
  info: ServerInfo
  /** Seals what a client carries from one round of a call to the next: 32 bytes of entropy or more. */
  stateKey: Uint8Array
  log: Log
  /** How long all questions of one call may take on a connection of the legacy era, in ms. */
  askMs: number
}

/** How a server names itself to clients, in the handshake of either era. */
export type ServerInfo = {
  name: string
  title?: string
  version: `${number}.${number}.${number}`
  /** What a model should know before it uses the server. */
  instructions?: string
}

/** Below every client's own limit (60 s and 30 s are common), so that the call ends with an answer of ours. */
export const defaultAskMs = 25_000
