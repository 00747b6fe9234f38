import { isLeluError, type Json } from '@lelu/engine'
import type { CallToolResult } from '@modelcontextprotocol/server'
import type { ToolAnswer } from '../surface/call.ts'
import { shownText } from './shown.ts'

type Structured = { [key: string]: Json }

/** A result that programs read in `structuredContent` and models in the text. */
export function done(structuredContent: Structured, text: string): ToolAnswer {
  return { kind: 'result', result: { content: [{ type: 'text', text }], structuredContent } }
}

/**
 * A coded refusal. Without `structuredContent`: clients hold that against the tool's output schema even in an error.
 */
export function refusedResult(code: string, text: string): CallToolResult {
  return { content: [{ type: 'text', text: `${code}: ${shownText(text, 4000)}` }], isError: true }
}

/** `refusedResult` as the answer of a tool. */
export function refused(code: string, text: string): ToolAnswer {
  return { kind: 'result', result: refusedResult(code, text) }
}

/** Says the same of an id that nobody has and of one that is not this principal's to see. */
export function noApproval(id: string): ToolAnswer {
  return { kind: 'result', result: noApprovalResult(id) }
}

/** As `noApproval`. */
export function noApprovalResult(id: string): CallToolResult {
  return refusedResult('LELU_APPROVAL_NOT_FOUND', `There is no approval ${id} of yours.`)
}

/** What a coded error says to a model. Paths and the words of operating systems stay on the server. */
export function failureResult(error: unknown): CallToolResult {
  if (!isLeluError(error)) throw error
  const { code, message, help, details } = error
  if (code === 'LELU_APPROVAL_NOT_FOUND') return noApprovalResult(String(details?.approval ?? ''))
  const inside = code.startsWith('LELU_AUDIT_') || code.startsWith('LELU_STORE_')
  if (inside && code !== 'LELU_AUDIT_OPTIONS_INVALID') {
    return refusedResult(code, 'A part of Lelu does not work. Nothing was run. Ask again later.')
  }
  return refusedResult(code, `${message} ${help}`)
}

/** Runs the body of a tool; a coded error becomes a result that the model can read, anything else is a defect. */
export async function answering(body: () => Promise<ToolAnswer>): Promise<ToolAnswer> {
  try {
    return await body()
  } catch (error) {
    return { kind: 'result', result: failureResult(error) }
  }
}
