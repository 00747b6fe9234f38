import { isLeluError, type Json } from '@lelu/engine'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { LeluMcpError } from '../errors.ts'
import { isObject } from '../is-object.ts'
import type { CallContext, Peer, ToolAnswer } from '../surface/call.ts'
import { inputIssues } from '../surface/check-input.ts'
import type { Principal } from '../surface/principal.ts'
import type { McpTool, Surface } from '../surface/surface.ts'
import { toolNamed } from '../surface/tool-named.ts'
import type { Log } from './log.ts'
import { isPlainJson } from './plain-json.ts'
import { isUnable, kindOf, RpcFault, rpcCodes } from './rpc-fault.ts'

/** A tool that is called and not there now, and what the surface says of it. */
export type Absent = { absent: CallToolResult }

/**
 * The tool of that name, or what the surface says of one that is not there now. Otherwise a fault that does not tell a
 * tool that is hidden from one that never was.
 */
export async function findTool(
  surface: Surface,
  name: string,
  principal: Principal,
): Promise<McpTool | Absent> {
  const tool = await toolNamed(surface, name, principal)
  if (tool !== undefined) return tool
  const absent = await surface.absent?.(name, principal)
  if (absent !== undefined) return { absent }
  throw new RpcFault(
    rpcCodes.params,
    'LELU_MCP_TOOL_UNKNOWN: There is no such tool. Ask for tools/list.',
    { code: 'LELU_MCP_TOOL_UNKNOWN' },
  )
}

/**
 * Checks the input and calls the tool. Both eras call tools through here: the checks of the SDKs differ, and what one
 * era refuses the other must refuse as well. Throws only where the client lacks a capability.
 */
export async function callTool(
  tool: McpTool,
  input: unknown,
  context: CallContext,
  log: Log,
): Promise<ToolAnswer> {
  try {
    return await tool.call(checked(tool, input ?? {}), context)
  } catch (error) {
    return { kind: 'result', result: failedCall(error, tool.name, context.peer.era, log) }
  }
}

function checked(tool: McpTool, input: unknown): { [key: string]: Json } {
  const issues = isObject(input) && isPlainJson(input) ? inputIssues(input, tool.inputSchema) : null
  if (issues !== null && issues.length === 0) return input as { [key: string]: Json }
  throw new LeluMcpError(
    'LELU_MCP_INPUT_INVALID',
    issues === null
      ? 'The arguments are not a JSON object of plain values within the limit of nesting.'
      : `The arguments do not pass the input schema of the tool: ${issues.join('; ')}.`,
    { help: 'Correct the arguments and call the tool again.' },
  )
}

/**
 * What a thrown error becomes: an error of the tool, which the model reads, never its text unless it is a coded error,
 * whose text is written for a reader. The text of any other may quote a secret, or instruct the model. Modern clients
 * have an error of the protocol for a capability that is missing.
 */
export function failedCall(
  error: unknown,
  tool: string,
  era: Peer['era'],
  log: Log,
): CallToolResult {
  if (error instanceof RpcFault || (isUnable(error) && era === 'modern')) throw error
  if (isLeluError(error)) return errorResult(error)
  log('error', 'A tool failed for a reason nobody foresaw.', { tool, error: kindOf(error) })
  return errorResult(
    new LeluMcpError('LELU_MCP_TOOL_FAILED', 'The tool failed in a way nobody foresaw.', {
      help: 'Do not call it again unchanged: whoever runs the server must look into it.',
    }),
  )
}

/** A coded failure as the result of a tool. */
export function errorResult(error: {
  code: string
  message: string
  help: string
}): CallToolResult {
  const text = `${error.code}: ${error.message} ${error.help}`
  return { content: [{ type: 'text', text }], isError: true }
}
