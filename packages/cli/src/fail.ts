import { CommanderError } from 'commander'

/** What only the command line can say; everything else carries a code of the package it comes from. */
export type CliErrorCode =
  | 'LELU_USAGE_INVALID'
  | 'LELU_FILE_FAILED'
  | 'LELU_INPUT_INVALID'
  | 'LELU_INPUT_TOO_LARGE'
  | 'LELU_POLICY_NOT_FOUND'
  | 'LELU_TESTS_NOT_FOUND'
  | 'LELU_APPROVAL_PENDING'
  | 'LELU_REVIEW_DECLINED'

/** By it `isLeluError` knows errors of all packages. Read and written here: `lelu --help` must not load the engine. */
const brand = Symbol.for('lelu.error')

type CliErrorOptions = { help: string; cause?: unknown; details?: Record<string, unknown> }

/** `LELU_USAGE_INVALID` ends with exit code 2, all others with 1. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly help: string
  readonly details: Record<string, unknown>

  constructor(code: CliErrorCode, message: string, options: CliErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.help = options.help
    this.details = options.details ?? {}
    Object.defineProperty(this, brand, { value: true })
  }
}

/** A failure as it is shown: exit code 2 is misuse of the command line, 1 anything else. */
export type Failure = {
  code: string
  message: string
  help: string
  details: Record<string, unknown>
  exitCode: 1 | 2
}

/**
 * Turns whatever was thrown into a failure with a code and a sentence that says what to do. `command` is the one whose
 * help a misuse points to.
 */
export function describeFailure(error: unknown, command = 'lelu'): Failure {
  if (error instanceof CommanderError) return describeUsage(error, command)
  if (isCoded(error)) {
    const { code, message, help } = error
    const exitCode = code === 'LELU_USAGE_INVALID' ? 2 : 1
    return { code, message, help, details: detailsOf(error), exitCode }
  }
  if (isSystemError(error)) return describeSystem(error)
  // A defect. Its message may quote anything, so only its kind is shown without LELU_DEBUG.
  const kind = error instanceof Error ? error.name : typeof error
  return {
    code: 'LELU_CLI_DEFECT',
    message: `The command failed in a way nobody foresaw (${kind}).`,
    help: 'Run it again with LELU_DEBUG=1 and report what it prints.',
    details: {},
    exitCode: 1,
  }
}

type Coded = Error & {
  code: string
  help: string
  details?: Record<string, unknown>
  issues?: unknown
}

function isCoded(error: unknown): error is Coded {
  const branded = (error as Record<symbol, unknown> | null)?.[brand] === true
  return error instanceof Error && branded && typeof (error as Partial<Coded>).code === 'string'
}

function detailsOf({ details, issues }: Coded): Record<string, unknown> {
  return { ...details, ...(issues !== undefined && { issues }) }
}

/** Commander writes `error: what it is\n(Did you mean …?)`. */
function describeUsage({ message: written, code }: CommanderError, command: string): Failure {
  const message = code === 'commander.help' ? 'error: a command is missing' : written
  const [what = '', hint] = message.replace(/^error: /, '').split('\n')
  const sentence = `${what.charAt(0).toUpperCase()}${what.slice(1)}${what.endsWith('.') ? '' : '.'}`
  const suggestion = hint === undefined ? '' : `${hint.replace(/^\(|\)$/g, '')} `
  const dash = /^unknown option '-[^-]/.test(what) ? 'An id that begins with - goes after --. ' : ''
  return {
    code: 'LELU_USAGE_INVALID',
    message: sentence,
    help: `${suggestion}${dash}\`${command} --help\` lists the commands, \`${command} <command> --help\` their options.`,
    details: {},
    exitCode: 2,
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string'
}

const systemHelp: Record<string, string> = {
  ENOENT: 'Check the path.',
  ENOTDIR: 'A part of the path is a file where a folder is expected. Check the path.',
  EISDIR: 'It is a folder where a file is expected. Check the path.',
  EACCES: 'This user may not do that. Check the permissions of the file and its folder.',
  EPERM: 'This user may not do that. Check the permissions of the file and its folder.',
  EROFS: 'The file system is read-only. Use a folder that can be written.',
  ENOSPC: 'The disk is full. Free some space, then try again.',
  ELOOP:
    'A symbolic link stands in the place of the file, and is not followed. Find out who put it there.',
  EEXIST: 'Something of that name is there already; nothing was overwritten. Move it away first.',
}

function describeSystem(error: NodeJS.ErrnoException): Failure {
  const place = error.path === undefined ? '' : ` ${error.path}`
  const why = /^[A-Z0-9]+: ([^,]+)/.exec(error.message)?.[1] ?? error.code
  return {
    code: 'LELU_FILE_FAILED',
    message: `Could not ${error.syscall}${place}: ${why}.`,
    help:
      systemHelp[error.code ?? ''] ??
      'Check the path, its permissions and the disk, then try again.',
    details: { path: error.path ?? null, errno: error.code },
    exitCode: 1,
  }
}
