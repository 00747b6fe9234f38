// By it `isLeluError` knows errors of all packages, also across duplicate installs.
const brand = Symbol.for('lelu.error')

/** An option of a reader is not what the types say. Thrown when the reader is made, never when it reads. */
export class ConfidenceError extends Error {
  override readonly name = 'ConfidenceError'
  readonly code = 'LELU_OPTIONS_INVALID'
  readonly help: string

  constructor(message: string, help: string) {
    super(message)
    this.help = help
    Object.defineProperty(this, brand, { value: true })
  }
}

/** A deadline that is not a positive number would be none at all. */
export function checkTimeout(timeoutMs: unknown): void {
  if (Number.isInteger(timeoutMs) && (timeoutMs as number) > 0 && (timeoutMs as number) < 2 ** 31) {
    return
  }
  throw new ConfidenceError(
    'The option `timeoutMs` must be a whole number above 0.',
    'Pass milliseconds, or leave it out for 10 000.',
  )
}
