import type { Handshake } from '../attempt.ts'
import type { Client, Scope } from '../client.ts'
import type { Kept } from '../moved.ts'
import type { ShownFailure } from './common.ts'

/** What became of one client. */
export type Added = {
  client: string
  title: string
  scope: Scope | null
  file: string | null
  /** `skipped`: one of all, or of those found, that cannot have such an entry; `error` says why. */
  result: 'added' | 'changed' | 'unchanged' | 'skipped' | 'failed'
  backup: string | null
  warnings: string[]
  /** The changed file's difference, without secrets; only of a dry run. */
  diff?: string
  handshake: Handshake | null
  /** Why nobody connected. */
  skipped: string | null
  next: string | null
  error?: ShownFailure
}

/** What became of the servers of one client. */
export type Imported = {
  client: string
  title: string
  scope: Scope | null
  file: string | null
  gateway: string
  /** `partly`: some servers are moved, others kept. */
  result: 'imported' | 'partly' | 'nothing' | 'skipped' | 'failed'
  /** Servers that are behind the gateway now. */
  moved: string[]
  /** Servers that are turned off, and stay where they are. */
  left: string[]
  /** Servers that would not be the same there, and stay where they are. */
  kept: Kept[]
  /** Variables of the client whose value of today is in the gateway's file. */
  filled: string[]
  /** Variables of the environment that the gateway needs, and that are not set here. */
  unset: string[]
  /** The client's file as it was. */
  backup: string | null
  /** Only of a dry run, without secrets. */
  diffs?: string[]
  error?: ShownFailure
}

/** One file of a client that is wrong, or that has the entry. */
export type Examined = {
  client: string
  title: string
  scope: Scope
  file: string
  /** What keeps the client from reaching the server. */
  problems: string[]
  notes: string[]
  error?: ShownFailure
  /** By the revisions a connection begins with; null: nobody connected, and `skipped` says why. */
  legacy: Handshake | null
  modern: Handshake | null
  skipped: string | null
  /** Which of the two the client itself begins with, where that is known. */
  begins: Client['era']
  /** Of `modern`: since which version of the client. */
  since: string | null
}

/** Whether the client reaches the server by what the file says. */
export function isHealthy({ error, problems, legacy, modern }: Examined): boolean {
  const lost = [legacy, modern].some((handshake) => handshake?.status === 'failed')
  return error === undefined && problems.length === 0 && !lost
}
