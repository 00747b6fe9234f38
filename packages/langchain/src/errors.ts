/** Every code an error of this adapter can carry. */
export type LeluLangChainErrorCode =
  | 'LELU_CHECKPOINTER_MISSING'
  | 'LELU_CALL_INVALID'
  | 'LELU_CALL_REPEATED'
  | 'LELU_EDIT_REFUSED'
  | 'LELU_OPTIONS_INVALID'
  | 'LELU_TOOL_UNSUPPORTED'

const brand = Symbol.for('lelu.error')

/** What went wrong between LangChain and the engine, and what to do (`help`). No tool has run. */
export class LeluLangChainError extends Error {
  readonly code: LeluLangChainErrorCode
  readonly help: string

  constructor(
    code: LeluLangChainErrorCode,
    message: string,
    options: { help: string; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LeluLangChainError'
    this.code = code
    this.help = options.help
    // The engine's `isLeluError` knows it by this symbol, across packages and duplicate installs.
    Object.defineProperty(this, brand, { value: true })
  }
}
