import type { ToolEffect } from '@lelu/engine'
import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import { LeluMcpError } from '../errors.ts'
import { strippedText } from './stripped-text.ts'

/** The call that failed. */
export type FailedCall = { server: string; tool: string; effect: ToolEffect }

/** Nothing was sent: the server is not there. */
export function awayError(server: string, why = 'is not connected'): LeluMcpError {
  return new LeluMcpError(
    'LELU_MCP_UPSTREAM_AWAY',
    `The server ${server} ${why}. The call did not run.`,
    { help: 'It is tried again by itself. Ask again later.', details: { server } },
  )
}

/**
 * The answer never came, so nobody knows whether the call took effect. By this name the engine knows that: it records
 * `unknown`, and does not run the call again before a person has said what came of it.
 */
export function lostError(
  { server, tool, effect }: FailedCall,
  cause: unknown,
  how: string = `was lost while it ran ${tool}, or took too long`,
): LeluMcpError {
  const error = new LeluMcpError(
    'LELU_MCP_UPSTREAM_LOST',
    `The server ${server} ${how}. Whether the call took effect is not known.`,
    {
      help: 'It is not run again by itself. Find out what came of it before you ask again.',
      cause,
      details: { server, tool },
    },
  )
  // A call that does no harm twice has simply failed.
  if (effect === 'non_idempotent') Object.defineProperty(error, 'name', { value: 'AbortError' })
  return error
}

/** The server answered, and the answer is an error. `details.said` is its own text: data, not ours. */
function failedError(
  { server, tool }: FailedCall,
  why: string,
  said: string,
  cause: unknown,
): LeluMcpError {
  return new LeluMcpError('LELU_MCP_UPSTREAM_FAILED', `The server ${server} ${why} ${tool}.`, {
    help: 'It says why; correct the input, or look at the server.',
    cause,
    details: { server, tool, ...(said !== '' && { said: strippedText(said, 1000) }) },
  })
}

/** Codes of a connection that was never made. */
const neverSent = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']

function causeCode(error: unknown): string | undefined {
  let current = error
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const { code } = current as NodeJS.ErrnoException
    if (typeof code === 'string' && neverSent.includes(code)) return code
    current = current.cause
  }
  return undefined
}

/** What a failed `tools/call` of an upstream means. On any doubt the call may have taken effect. */
export function callError(error: unknown, call: FailedCall): LeluMcpError {
  if (error instanceof LeluMcpError) return error
  if (error instanceof SdkHttpError && error.status !== undefined) {
    // 404 is a session that ended, 4xx a request that was not taken. Behind 5xx and 408 a server may be at work.
    const { status } = error
    const refused = status >= 400 && status < 500 && status !== 408 && status !== 425
    if (refused) return failedError(call, `answered HTTP ${status} to the call of`, '', error)
    return lostError(call, error)
  }
  if (error instanceof SdkError) {
    switch (error.code) {
      case SdkErrorCode.NotConnected:
        return awayError(call.server)
      case SdkErrorCode.InvalidResult:
      case SdkErrorCode.UnsupportedResultType: {
        const asked = (error.data as { resultType?: unknown } | undefined)?.resultType
        // One that asks has not run it yet. One whose answer nobody can read (or that made a task of it) may have.
        return asked === 'input_required'
          ? failedError(call, 'asked for more, which is refused, in the call of', '', error)
          : lostError(call, error, `answered ${call.tool} with what is no result`)
      }
      default:
        return lostError(call, error)
    }
  }
  if (error instanceof ProtocolError) {
    return failedError(call, 'answered with an error to the call of', error.message, error)
  }
  if (causeCode(error) !== undefined) return awayError(call.server, 'cannot be reached')
  if (error instanceof Error && error.message === 'Not connected') return awayError(call.server)
  return lostError(call, error)
}
