import type { AuditErrorCode } from '@lelu/audit'
import type { RegoErrorCode } from '@lelu/rego'

/**
 * Every code of an error of the engine, an adapter, the compiler or the log: `LELU_<NOUN>_<STATE>`. The commands and the MCP
 * server have more (docs/errors.md).
 */
export type LeluErrorCode = EngineErrorCode | RegoErrorCode | AuditErrorCode

type EngineErrorCode =
  | 'LELU_NODE_UNSUPPORTED'
  | 'LELU_OPTIONS_INVALID'
  | 'LELU_DIRECTORY_NOT_FOUND'
  | 'LELU_REQUEST_INVALID'
  | 'LELU_INPUT_TOO_LARGE'
  | 'LELU_POLICY_FAILED'
  | 'LELU_POLICY_INVALID'
  | 'LELU_POLICY_NOT_FOUND'
  | 'LELU_POLICY_UNSUPPORTED'
  | 'LELU_GRANT_NOT_FOUND'
  | 'LELU_GRANT_REFUSED'
  | 'LELU_STORE_NOT_ATOMIC'
  | 'LELU_STORE_UNSAFE'
  | 'LELU_STORE_UNAVAILABLE'
  | 'LELU_STORE_CORRUPT'
  | 'LELU_KEYS_INVALID'
  | 'LELU_KEYS_NOT_FOUND'
  | 'LELU_APPROVAL_NOT_FOUND'
  | 'LELU_APPROVAL_CONFLICT'
  | 'LELU_APPROVAL_STATE'
  | 'LELU_APPROVAL_EXECUTING'
  | 'LELU_APPROVAL_UNKNOWN'
  | 'LELU_APPROVAL_FAILED'
  | 'LELU_APPROVAL_ALTERED'
  | 'LELU_REVIEW_INVALID'
  | 'LELU_REVIEWER_NOT_ELIGIBLE'
  | 'LELU_EDIT_REFUSED'
  | 'LELU_TOKEN_REFUSED'
  | 'LELU_NOTIFICATION_NOT_FOUND'
  | 'LELU_WEBHOOK_REFUSED'
  | 'LELU_ENGINE_CLOSED'
  | AdapterErrorCode

/** What can be wrong between a framework and the engine. No tool has run. */
type AdapterErrorCode =
  | 'LELU_CALL_INVALID'
  | 'LELU_CALL_REPEATED'
  | 'LELU_CHECKPOINTER_MISSING'
  | 'LELU_RUN_MISSING'
  | 'LELU_TOOL_UNSUPPORTED'

const brand = Symbol.for('lelu.error')

type LeluErrorOptions = { help: string; cause?: unknown; details?: Record<string, unknown> }

/** What went wrong (`message`), what to do (`help`), and the data of it (`details`); never an input or a secret. */
export class LeluError extends Error {
  readonly code: LeluErrorCode
  readonly help: string
  readonly details: Record<string, unknown>

  constructor(code: LeluErrorCode, message: string, options: LeluErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LeluError'
    this.code = code
    this.help = options.help
    this.details = options.details ?? {}
    // A symbol from the global registry: recognised across packages and duplicate installs.
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Any coded error of a Lelu package: the engine's, the compiler's, the audit log's. */
export type CodedError = Error & {
  code: LeluErrorCode
  help: string
  details?: Readonly<Record<string, unknown>>
}

/**
 * Whether this is an error of a Lelu package, of whatever copy of it: `instanceof` fails where a package is
 * installed twice.
 */
export function isLeluError(error: unknown): error is CodedError {
  return error instanceof Error && (error as unknown as Record<symbol, unknown>)[brand] === true
}
