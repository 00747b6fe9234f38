import { AuditError } from '../errors.ts'

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
  /** When a record counts as written. The only value, and the default: after fdatasync. */
  durability?: 'fsync'
}

/** Throws `LELU_AUDIT_OPTIONS_INVALID` with what to do. */
export function assertOptions({
  directory,
  log = 'lelu',
  node,
  deadlineMs = 1,
  durability,
}: AuditLogOptions): void {
  const refuse = (what: string, help: string) => {
    throw new AuditError('LELU_AUDIT_OPTIONS_INVALID', `The audit log cannot be opened: ${what}.`, {
      help,
    })
  }
  if (typeof directory !== 'string' || directory === '') {
    refuse('`directory` is no path', 'Pass the folder of the log, such as .lelu/audit.')
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$/.test(log)) {
    refuse('`log` is no name', 'Use up to 100 letters, digits and . _ / -')
  }
  if (node !== undefined && !/^[a-z0-9][a-z0-9-]{0,31}$/.test(node)) {
    refuse('`node` is no name', 'Use up to 32 small letters, digits and -')
  }
  if (!Number.isFinite(deadlineMs) || deadlineMs <= 0) {
    refuse('`deadlineMs` is no time', 'Pass a number of milliseconds above 0.')
  }
  if (durability !== undefined && durability !== 'fsync') {
    refuse('this durability does not exist', "Leave it out, or pass 'fsync'.")
  }
}
