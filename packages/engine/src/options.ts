import type { AuditLog, AuditSink, Durability } from '@lelu/audit'
import { LeluError } from './errors.ts'
import { checkNotify } from './notify/check-notify.ts'
import type { NotifyOptions } from './notify/notify-options.ts'
import type { PolicySource } from './policy/sources.ts'
import { type AuditInputOptions, checkAuditInput } from './recorded/audit-input-options.ts'
import type { KeyvLike } from './store/from-keyv.ts'
import type { KeyRingData } from './tokens/key-ring.ts'
import { maxTokenSeconds } from './tokens/verify-token.ts'
import type { Policy } from './types.ts'

/** Where approvals, keys and the audit log live, and the two clocks of an approval. */
export type StorageOptions = {
  /** Holds everything that is not passed in: `approvals.db`, `keys/`, `audit/`, `openings/`, `cache/`. Default `.lelu`. */
  directory?: string
  /** A Keyv over @keyv/postgres, @keyv/redis, @keyv/valkey, @keyv/sqlite or memory. Default: an SQLite file in `directory`. */
  store?: KeyvLike
  /** Starts over a database that can lose what it answered (`LELU_STORE_UNSAFE`), with a warning. Default false. */
  allowUnsafeStore?: boolean
  /** Default: a log in `directory`. An opened one that is passed in is not closed by `close()`. */
  audit?: AuditLog
  /** Where the log is archived: `s3Sink` of `@lelu/audit/s3`, or `directorySink` of `@lelu/audit`. Default nowhere. */
  archive?: AuditSink
  /** When a decision's record counts as written (`AuditLogOptions`). Default `fsync`. */
  durability?: Durability
  /** A key ring, when it should not be read from (and made in) `directory`. */
  keys?: KeyRingData
  /** How long a reviewer has, in ms. Default 24 h. A policy may say less. */
  approveWithinMs?: number
  /** How long an approved call may wait for its resume, in ms. Default 24 h. */
  executeWithinMs?: number
  /** Keeps notices of approvals for a process that delivers them. Default: whether there is `notify`. */
  notices?: boolean
  /** Who is told of approvals that wait, and of what became of them: webhooks and Slack-compatible URLs. */
  notify?: NotifyOptions
  /** How long an operation of the store may take, in ms. Default 1700, so that a denial is heard within 2 s. */
  storeDeadlineMs?: number
  /** Epoch milliseconds. Default `Date.now`. */
  now?: () => number
}

/** Of `createLelu`. Only `policies` is needed; everything else has a default. */
export type LeluOptions = StorageOptions & {
  /** A folder of Rego files, their sources, or a loaded policy. */
  policies: string | PolicySource | Policy
  /** The package that holds `allow`, `require_approval` and `deny`. Default `lelu.authz`. */
  package?: string
  /** Where compiled policies are kept; false keeps none. Default `cache/` in `directory`. */
  cache?: string | false
  /** Types of obligations this host carries out. One a policy asks for and the host does not know means deny. */
  obligations?: string[]
  /** Default `urn:lelu:engine`. */
  issuer?: string
  /** The one executor tokens are for. Default `urn:lelu:executor:local`. */
  audience?: string
  /** Life of a token. Default 60, at most 300. */
  tokenSeconds?: number
  /** How long a tool may run without a sign of life before its attempt counts as lost, in ms. Default 60 000. */
  leaseMs?: number
  /** How long `close()` waits for calls at work, in ms. Default 10 000; 0 does not wait. */
  closeWithinMs?: number
  /** What audit records show of inputs in clear, and of whom values are kept. Default: nothing is shown, all is kept. */
  auditInput?: AuditInputOptions
  /** Of tool inputs, in bytes of canonical JSON. Default 1 MiB. */
  maxInputBytes?: number
}

/** Every option by name; the type makes a forgotten one an error here. */
const options: Record<keyof LeluOptions, true> = {
  directory: true,
  store: true,
  allowUnsafeStore: true,
  audit: true,
  archive: true,
  durability: true,
  keys: true,
  approveWithinMs: true,
  executeWithinMs: true,
  notices: true,
  notify: true,
  storeDeadlineMs: true,
  now: true,
  policies: true,
  package: true,
  cache: true,
  obligations: true,
  issuer: true,
  audience: true,
  tokenSeconds: true,
  leaseMs: true,
  closeWithinMs: true,
  auditInput: true,
  maxInputBytes: true,
}

function invalid(message: string, help: string): LeluError {
  return new LeluError('LELU_OPTIONS_INVALID', message, { help })
}

function checkNumber(
  options: Record<string, unknown>,
  name: string,
  min: number,
  max: number,
): void {
  const value = options[name]
  if (
    value === undefined ||
    (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
  )
    return
  throw invalid(
    `The option \`${name}\` must be a whole number from ${min} to ${max}.`,
    'Correct it, or leave it out for the default.',
  )
}

/** Throws `LELU_OPTIONS_INVALID` with what to do, for a misspelt, missing or wrong option. */
export function checkOptions(value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    throw invalid(
      'The options are missing.',
      "Pass an object, at least { policies: './policies' }.",
    )
  }
  const given = value as Record<string, unknown>
  for (const name of Object.keys(given)) {
    // A misspelt option that is ignored would be a weaker engine than the one that was asked for.
    if (Object.hasOwn(options, name)) continue
    throw invalid(
      `There is no option \`${name}\`.`,
      `The options are: ${Object.keys(options).join(', ')}.`,
    )
  }
  for (const name of ['directory', 'issuer', 'audience', 'package']) {
    const value = given[name]
    if (value !== undefined && (typeof value !== 'string' || value === '')) {
      throw invalid(
        `The option \`${name}\` must be a non-empty string.`,
        'Correct it, or leave it out for the default.',
      )
    }
  }
  const week = 7 * 24 * 3600 * 1000
  checkNumber(given, 'approveWithinMs', 1, 53 * week)
  checkNumber(given, 'executeWithinMs', 1, 53 * week)
  checkNumber(given, 'storeDeadlineMs', 1, 60_000)
  checkNumber(given, 'tokenSeconds', 1, maxTokenSeconds)
  checkNumber(given, 'leaseMs', 10, week)
  checkNumber(given, 'closeWithinMs', 0, week)
  checkNumber(given, 'maxInputBytes', 1, 64 * 1024 * 1024)
  // A text such as 'false', from an environment variable, would count as true.
  for (const name of ['notices', 'allowUnsafeStore']) {
    if (given[name] === undefined || typeof given[name] === 'boolean') continue
    throw invalid(`The option \`${name}\` must be true or false.`, 'Correct it, or leave it out.')
  }
  checkNotify(given.notify)
  checkLog(given)
  const { obligations } = given
  const areTypes = (list: unknown) =>
    Array.isArray(list) && list.every((type) => typeof type === 'string' && type !== '')
  if (obligations !== undefined && !areTypes(obligations)) {
    throw invalid(
      'The option `obligations` must be a list of non-empty strings.',
      "Pass the types that this host carries out, such as ['log'].",
    )
  }
  checkAuditInput(given.auditInput)
  if (given.now !== undefined && typeof given.now !== 'function') {
    throw invalid(
      'The option `now` must be a function.',
      'It answers epoch milliseconds; the default is Date.now.',
    )
  }
}

function hasMethods(value: unknown, names: readonly string[]): value is object {
  if (typeof value !== 'object' || value === null) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

/** The log that is passed in, or what the engine opens its own with. */
function checkLog({ audit, archive, durability }: Record<string, unknown>): void {
  if (audit !== undefined && (archive ?? durability) !== undefined) {
    throw invalid(
      'The options `archive` and `durability` belong to a log that the engine opens.',
      'Pass them to openAuditLog (as `sink` and `durability`), or leave `audit` out.',
    )
  }
  const isLog = hasMethods(audit, ['append', 'flush', 'close']) && 'weakened' in audit
  if (audit !== undefined && !isLog) {
    throw invalid(
      'The option `audit` must be an opened audit log.',
      'Pass what `await openAuditLog(…)` of @lelu/audit answers, or leave it out.',
    )
  }
  if (archive !== undefined && !hasMethods(archive, ['check', 'put', 'get', 'close'])) {
    throw invalid(
      'The option `archive` must be an audit sink.',
      'Pass `s3Sink` of @lelu/audit/s3 or `directorySink` of @lelu/audit, called; or leave it out.',
    )
  }
}

export function checkPolicies(policies: unknown): void {
  if (
    typeof policies === 'string'
      ? policies !== ''
      : typeof policies === 'object' && policies !== null
  )
    return
  throw invalid(
    'The option `policies` is missing.',
    "Pass the folder of your Rego files, such as { policies: './policies' }.",
  )
}
