import { isLinkError } from './folder/read-flags.ts'

/** Every code an error of this package can carry: `LELU_<NOUN>_<STATE>`. */
export type AuditErrorCode =
  | 'LELU_AUDIT_UNAVAILABLE'
  | 'LELU_AUDIT_ALTERED'
  | 'LELU_AUDIT_CLOSED'
  | 'LELU_AUDIT_CURSOR_INVALID'
  | 'LELU_AUDIT_EXPORT_FAILED'
  | 'LELU_AUDIT_NOT_FOUND'
  | 'LELU_AUDIT_OPTIONS_INVALID'
  | 'LELU_AUDIT_RECORD_INVALID'
  | 'LELU_AUDIT_RECORD_TOO_LARGE'
  | 'LELU_AUDIT_SINK_CLOCK'
  | 'LELU_AUDIT_SINK_CONFLICT'
  | 'LELU_AUDIT_SINK_REFUSED'
  | 'LELU_AUDIT_SINK_UNAVAILABLE'
  | 'LELU_AUDIT_SINK_UNSAFE'
  | 'LELU_AUDIT_KEY_INVALID'
  | 'LELU_AUDIT_KEY_UNSUPPORTED'
  | 'LELU_AUDIT_KEYS_UNUSABLE'
  | 'LELU_AUDIT_TRUST_INVALID'
  | 'LELU_AUDIT_PATH_INVALID'
  | 'LELU_AUDIT_OPENINGS_INVALID'
  | 'LELU_JSON_INVALID'

const brand = Symbol.for('lelu.error')

type AuditErrorOptions = { help: string; cause?: unknown; details?: Record<string, unknown> }

/** What went wrong (`message`), what to do (`help`), and the data of it (`details`); never a record's content. */
export class AuditError extends Error {
  readonly code: AuditErrorCode
  readonly help: string
  readonly details: Record<string, unknown>

  constructor(code: AuditErrorCode, message: string, options: AuditErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AuditError'
    this.code = code
    this.help = options.help
    this.details = options.details ?? {}
    // A symbol from the global registry: recognised across packages and duplicate installs.
    Object.defineProperty(this, brand, { value: true })
  }
}

const reasons: Record<string, string> = {
  ENOSPC: 'The disk is full: free some space.',
  EDQUOT: 'The disk quota is used up: free some space.',
  EROFS: 'The file system is read-only: put the log on one that can be written.',
  EACCES: 'The folder may not be written by this user: correct its owner or mode.',
  EPERM: 'The folder may not be written by this user: correct its owner or mode.',
  ENOTDIR: 'A part of the path is a file: choose another folder.',
  EEXIST: 'A part of the path is a file: choose another folder.',
  EIO: 'The disk gave an input/output error: check the disk.',
}

/** No decision is answered without its record, so a log that cannot be written means that nothing runs. */
export function unavailable(what: string, cause: unknown): AuditError {
  if (cause instanceof AuditError) return cause
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const help = Object.hasOwn(reasons, code)
    ? reasons[code]
    : 'Check the disk and the folder of the log.'
  const why = cause instanceof Error ? cause.message : String(cause)
  return new AuditError(
    'LELU_AUDIT_UNAVAILABLE',
    `The audit log cannot be written (${what}): ${why}.`,
    {
      help: `${help} No tool runs until it can be written.`,
      cause,
    },
  )
}

export function closed(): AuditError {
  return new AuditError('LELU_AUDIT_CLOSED', 'The audit log is closed.', { help: 'Open it again.' })
}

export const linkHelp =
  'A symbolic link stands in the place of a file of the log, and is not followed. Find out who put it there.'

/** A log that cannot be read is not verified: never reported as intact. */
export function unreadable(directory: string, cause: unknown): AuditError {
  if (cause instanceof AuditError) return cause
  const why = cause instanceof Error ? cause.message : String(cause)
  return new AuditError(
    'LELU_AUDIT_UNAVAILABLE',
    `The audit log at ${directory} cannot be read: ${why}.`,
    {
      help: isLinkError(cause)
        ? linkHelp
        : 'Run this as a user who may read every file of the log, and check the disk.',
      cause,
    },
  )
}

export function tooLarge(bytes: number, most: number): AuditError {
  return new AuditError(
    'LELU_AUDIT_RECORD_TOO_LARGE',
    `A record of ${bytes} bytes is longer than the ${most} a line of the log may have.`,
    { help: 'Shorten the texts in it (reasons, ids, what of an input is in clear).' },
  )
}

export function invalidEvent(what: string, help: string): AuditError {
  return new AuditError('LELU_AUDIT_RECORD_INVALID', `The event cannot be recorded: ${what}.`, {
    help,
  })
}
