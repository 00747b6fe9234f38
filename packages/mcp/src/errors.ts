/** What only this package can say. */
export type LeluMcpErrorCode =
  | 'LELU_MCP_CLIENT_FAILED'
  | 'LELU_MCP_CLIENT_UNSUPPORTED'
  | 'LELU_MCP_CONFIG_CHANGED'
  | 'LELU_MCP_CONFIG_INVALID'
  | 'LELU_MCP_CONFIG_MISSHAPEN'
  | 'LELU_MCP_CONFIG_READONLY'
  | 'LELU_MCP_CONFIG_UNSUPPORTED'
  | 'LELU_MCP_EDIT_REFUSED'
  | 'LELU_MCP_ENTRY_TAKEN'
  | 'LELU_MCP_HANDSHAKE_FAILED'
  | 'LELU_MCP_NAME_TAKEN'
  | 'LELU_MCP_TOKEN_UNSUPPORTED'

/** By it `isLeluError` knows errors of all packages. Written here: `lelu-mcp --help` must not load the engine. */
const brand = Symbol.for('lelu.error')

type LeluMcpErrorOptions = { help: string; cause?: unknown; details?: Record<string, unknown> }

/** `message` says what happened, `help` what to do. Neither holds a secret or an input. */
export class LeluMcpError extends Error {
  override readonly name = 'LeluMcpError'
  readonly code: LeluMcpErrorCode
  readonly help: string
  readonly details: Record<string, unknown>

  constructor(code: LeluMcpErrorCode, message: string, options: LeluMcpErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.help = options.help
    this.details = options.details ?? {}
    Object.defineProperty(this, brand, { value: true })
  }
}
