/** What only the MCP server, the gateway and its command can say; other failures carry a code of the package they come from. */
export type LeluMcpErrorCode =
  | 'LELU_MCP_BIND_REFUSED'
  | 'LELU_MCP_CLIENT_FAILED'
  | 'LELU_MCP_CLIENT_UNABLE'
  | 'LELU_MCP_CLIENT_UNSUPPORTED'
  | 'LELU_MCP_CONFIG_CHANGED'
  | 'LELU_MCP_CONFIG_INVALID'
  | 'LELU_MCP_CONFIG_MISSHAPEN'
  | 'LELU_MCP_CONFIG_READONLY'
  | 'LELU_MCP_CONFIG_UNSUPPORTED'
  | 'LELU_MCP_EDIT_REFUSED'
  | 'LELU_MCP_ENTRY_TAKEN'
  | 'LELU_MCP_HANDSHAKE_FAILED'
  | 'LELU_MCP_INPUT_INVALID'
  | 'LELU_MCP_LOCK_BUSY'
  | 'LELU_MCP_LOCK_INVALID'
  | 'LELU_MCP_LOCK_READONLY'
  | 'LELU_MCP_NAME_TAKEN'
  | 'LELU_MCP_OPTIONS_INVALID'
  | 'LELU_MCP_PORT_TAKEN'
  | 'LELU_MCP_PRINCIPALS_INVALID'
  | 'LELU_MCP_QUESTIONS_ENDLESS'
  | 'LELU_MCP_RESULT_TOO_LARGE'
  | 'LELU_MCP_SCHEMA_UNUSABLE'
  | 'LELU_MCP_TOKEN_UNSUPPORTED'
  | 'LELU_MCP_TOOL_FAILED'
  | 'LELU_MCP_TOOL_UNKNOWN'
  | 'LELU_MCP_UPSTREAM_AWAY'
  | 'LELU_MCP_UPSTREAM_FAILED'
  | 'LELU_MCP_UPSTREAM_LOST'
  | 'LELU_POLICY_CHANGED'
  | 'LELU_SERVER_CHANGED'
  | 'LELU_TOOL_CHANGED'
  | 'LELU_TOOL_NEW'

/** By it `isLeluError` knows errors of all packages. Written here: `lelu-mcp --help` must not load the engine. */
const brand = Symbol.for('lelu.error')

type LeluMcpErrorOptions = { help: string; cause?: unknown; details?: Record<string, unknown> }

/** What went wrong (`message`), what to do (`help`), and the data of it (`details`); never an input or a secret. */
export class LeluMcpError extends Error {
  override readonly name: string = 'LeluMcpError'
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
