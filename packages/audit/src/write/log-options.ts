import { AuditError } from '../errors.ts'
import { freeBytes } from '../folder/reserve.ts'
import type { Durability } from '../record/record.ts'
import { isArchiveLog } from '../sink/layout.ts'
import type { AuditSink } from '../sink/sink.ts'

/** How the log of this process is opened. All but `directory` has a default. */
export type AuditLogOptions = {
  directory: string
  /** The name of the log in its records. Default `lelu`. */
  log?: string
  /** A word that the names of this process's streams begin with, such as a host's. Default none. */
  node?: string
  /** The wall clock, epoch milliseconds or a Date. Default `Date.now`. */
  now?: () => number | Date
  /** Milliseconds until a disk that does not answer counts as failed. Default 2000. */
  deadlineMs?: number
  /**
   * When a record counts as written. `fsync` (default): after fdatasync. `remote`: when the archive holds it and a
   * checkpoint that covers it, which takes a few more milliseconds. `async`: in the page cache; a power cut takes the
   * newest records with it, and the log says so.
   */
  durability?: Durability
  /** Where the log is archived: `s3Sink` of `@lelu/audit/s3`, or `directorySink`. Default nowhere. */
  sink?: AuditSink
  /** Milliseconds until an archive that does not answer counts as failed, with `remote`. Default 10 000. */
  remoteDeadlineMs?: number
  /** What may wait for the archive before records are refused. Default 4 GiB or 24 hours, whichever comes first. */
  backlog?: { bytes?: number; ms?: number }
  /** The folder of the private keys that sign checkpoints. Default beside the log: `<directory>.keys`. */
  keys?: string
  /** Signs checkpoints with ML-DSA-44 as well (Node 24). Default: as the keys that are there, and not with new ones. */
  postQuantum?: boolean
}

/** What tests make small. Times in milliseconds. */
export type LogLimits = {
  segmentBytes: number
  retryMs: number
  sealMs: number
  peersMs: number
  heartbeatMs: number
  reserveMs: number
  shipMs: number
  endedMs: number
  closeMs: number
  free: (directory: string) => Promise<number>
}

export const defaultLimits: LogLimits = {
  segmentBytes: 4 * 1024 * 1024,
  retryMs: 1000,
  sealMs: 500,
  peersMs: 10_000,
  heartbeatMs: 60_000,
  reserveMs: 2000,
  shipMs: 3000,
  endedMs: 60_000,
  closeMs: 5000,
  free: freeBytes,
}

/** How long a disk and an archive may take where the options do not say. */
export const defaultDeadlines = { deadlineMs: 2000, remoteDeadlineMs: 10_000 } as const

/** What makes a log weaker than it is by default. */
export function weakenedBy({ durability = 'fsync' }: AuditLogOptions): string[] {
  return durability === 'async' ? ['durability: async'] : []
}

/** Throws `LELU_AUDIT_OPTIONS_INVALID` with what to do. */
export function assertOptions({
  directory,
  log = 'lelu',
  node,
  deadlineMs = 1,
  remoteDeadlineMs = 1,
  durability = 'fsync',
  sink,
  backlog = {},
  keys = 'keys',
}: AuditLogOptions): void {
  const refuse = (what: string, help: string) => {
    throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', `The audit log cannot be opened: ${what}.`, {
      help,
    })
  }
  if (typeof directory !== 'string' || directory === '') {
    refuse('`directory` is no path', 'Pass the folder of the log, such as .lelu/audit.')
  }
  if (!isArchiveLog(log)) {
    refuse('`log` is no name', 'Use up to 100 letters, digits and . _ / - and no part . or ..')
  }
  if (node !== undefined && !/^[a-z0-9][a-z0-9-]{0,31}$/.test(node)) {
    refuse('`node` is no name', 'Use up to 32 small letters, digits and -')
  }
  const numbers = { deadlineMs, remoteDeadlineMs, bytes: backlog.bytes ?? 1, ms: backlog.ms ?? 1 }
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value) || value <= 0) {
      refuse(`\`${name}\` is no such number`, 'Pass a number above 0; times are in milliseconds.')
    }
  }
  if (!['fsync', 'remote', 'async'].includes(durability)) {
    refuse('this durability does not exist', "Leave it out, or pass 'fsync', 'remote' or 'async'.")
  }
  if (durability === 'remote' && sink === undefined) {
    refuse("'remote' needs an archive", 'Pass a `sink`, such as s3Sink({ bucket }).')
  }
  if (typeof keys !== 'string' || keys === '') {
    refuse('`keys` is no path', 'Leave it out, or pass a folder outside of the log.')
  }
}
