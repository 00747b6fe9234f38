import type { PolicyIssue } from './types.ts'

/** Every code an error of this package can carry: `LELU_<NOUN>_<STATE>`. */
export type RegoErrorCode =
  /** The policy does not parse, compile or evaluate: see `issues`. */
  | 'LELU_POLICY_INVALID'
  /** Sources, data or input are larger than this package takes. */
  | 'LELU_POLICY_TOO_LARGE'
  /** An option, the data or the input is not what the types say. */
  | 'LELU_OPTIONS_INVALID'
  /** The compiler itself failed; the policy was neither accepted nor refused. */
  | 'LELU_COMPILER_FAILED'
  /** The compiler did not answer in time and was stopped. */
  | 'LELU_COMPILER_TIMEOUT'

/** What a `RegoError` is made of. */
export type RegoErrorOptions = {
  code: RegoErrorCode
  message: string
  help: string
  issues?: PolicyIssue[]
  cause?: unknown
}

// By it `isLeluError` knows errors of all packages, also across duplicate installs.
const brand = Symbol.for('lelu.error')

/** Every error of this package. `message` can be read alone; `issues` holds the same findings as data. */
export class RegoError extends Error {
  override readonly name = 'RegoError'
  readonly code: RegoErrorCode
  readonly help: string
  readonly issues: PolicyIssue[]

  constructor(options: RegoErrorOptions) {
    super(options.message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = options.code
    this.help = options.help
    this.issues = options.issues ?? []
    Object.defineProperty(this, brand, { value: true })
  }
}

/** The error for a policy with issues. */
export function policyInvalid(issues: PolicyIssue[]): RegoError {
  const errors = issues.filter((issue) => issue.severity === 'error')
  const count = errors.length === 1 ? 'one error' : `${errors.length} errors`
  return new RegoError({
    code: 'LELU_POLICY_INVALID',
    message: [`The policy has ${count}:`, ...errors.map(describeIssue)].join('\n'),
    help: 'Correct the lines named above and compile again.',
    issues,
  })
}

/** The error for an option that the types do not allow. */
export function optionInvalid(
  message: string,
  help = 'Correct the option.',
  cause?: unknown,
): RegoError {
  return new RegoError({
    code: 'LELU_OPTIONS_INVALID',
    message: `Invalid option: ${message}.`,
    help,
    ...(cause === undefined ? {} : { cause }),
  })
}

function describeIssue(issue: PolicyIssue): string {
  const place = issue.file === '' ? '' : `${issue.file}:${issue.line}:${issue.column}: `
  const text = issue.text?.trim() ? `\n      ${issue.text.trim()}` : ''
  return `  ${place}${issue.message.replaceAll('\n', '\n    ')} (${issue.code})${text}`
}
