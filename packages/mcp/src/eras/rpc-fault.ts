import { isLeluError } from '@lelu/engine'
import { LeluMcpError } from '../errors.ts'
import type { Log } from './log.ts'

/** Codes of JSON-RPC and of MCP that both eras answer with. */
export const rpcCodes = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  internal: -32603,
  /** Up to 2025-11-25; the SDK turns it into `params` for later revisions. */
  resourceNotFound: -32002,
  headerMismatch: -32020,
  missingCapability: -32021,
} as const

/** A request that ends as a JSON-RPC error: both SDKs send its `code`, `message` and `data` as they are. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault'
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }
}

/**
 * What leaves of an error that a surface threw while it was asked for anything but a tool. The SDKs would send the text
 * of any error, and that text may quote an input, a path or a secret: only coded errors are written for a reader.
 */
export function asFault(error: unknown, log: Log): RpcFault {
  if (error instanceof RpcFault) return error
  if (isUnable(error)) return new RpcFault(rpcCodes.missingCapability, textOf(error), error.details)
  if (isLeluError(error))
    return new RpcFault(rpcCodes.internal, textOf(error), { code: error.code })
  log('error', 'A request failed for a reason nobody foresaw.', { error: kindOf(error) })
  return new RpcFault(rpcCodes.internal, 'The server could not answer this request.')
}

function textOf({ code, message, help }: { code: string; message: string; help: string }): string {
  return `${code}: ${message} ${help}`
}

/** Whether the client would have to declare a capability (`details.requiredCapabilities`) for this to work. */
export function isUnable(error: unknown): error is LeluMcpError {
  return error instanceof LeluMcpError && error.code === 'LELU_MCP_CLIENT_UNABLE'
}

/** The name of what was thrown: it may be logged where its text may not. */
export function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error
}
