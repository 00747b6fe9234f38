import { isDeepStrictEqual } from 'node:util'
import {
  type CallEvidence,
  cutOffText,
  guardCall,
  invalidInputText,
  isSameInput,
  type Json,
  LeluError,
  notRun,
  parseStrictJson,
  unknownApprovalText,
} from '@lelu/engine/adapter'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import type { CallAnswer, Guard } from './guarded-call.ts'
import { type GuardedCall, runOf } from './options.ts'
import { errorContent, textContent } from './text-content.ts'

export type McpCall = {
  view: GuardedCall
  key: string
  evidence?: () => Partial<CallEvidence>
  /** The response did not come to its end: what it asks for may not be what the model meant. */
  incomplete?: boolean
}

/**
 * What is kept of a call that was handed over: the provider runs it itself, on the arguments of this very request. Against
 * a result that is replayed for another request with the same input, which would run the call again.
 */
const handedOver = (id: string): Json => ({ approve: true, request: id })

/**
 * The provider parses the text anew. Against one that it reads otherwise than the policy and the reviewer do, with a name
 * that is there twice.
 */
function parse(text: string): { input: Json } | undefined {
  try {
    return { input: parseStrictJson(text) }
  } catch {
    return undefined
  }
}

/** Decides a request for approval of a hosted MCP call. The engine records that the call was handed over, once. */
export async function answerMcp(guard: Guard, call: McpCall): Promise<CallAnswer> {
  const { options } = guard
  const { view, key, evidence } = call
  const { tool, server = '', signal } = view
  if (call.incomplete) return { status: 'final', content: cutOffText(tool) }
  const parsed = parse(view.arguments)
  if (parsed === undefined) return { status: 'final', content: invalidInputText(tool) }
  const { input } = parsed
  const result = await guardCall(
    options,
    {
      context: view,
      id: key,
      run: await runOf(options, view),
      tool,
      server,
      // No schema, so the engine refuses edits: nobody could hand an edited input to the provider.
      input,
      evidence: () => ({
        ...evidence?.(),
        call: { id: view.id, tool, input, text: view.arguments },
        ...(signal !== undefined && { signal }),
      }),
      ...(signal !== undefined && { signal }),
    },
    (stored) => {
      if (isSameInput(stored, input)) return handedOver(view.id)
      throw notRun(
        new LeluError(
          'LELU_EDIT_REFUSED',
          'The provider would run this call with the arguments of the model, not with those that were approved. It was not approved.',
          { help: 'Deny the call with a reason, and let the agent ask again.' },
        ),
      )
    },
  )
  switch (result.status) {
    case 'executed':
      return isDeepStrictEqual(result.value, handedOver(view.id))
        ? { status: 'final', content: result.value }
        : { status: 'final', content: unknownApprovalText }
    case 'refused':
      return { status: 'final', content: result.text }
    case 'threw':
      return result
    case 'suspended': {
      const { approval, text } = result
      return options.mode === 'tell-model'
        ? { status: 'final', content: text }
        : { status: 'pending', approval, text }
    }
  }
}

/** Whether an answer lets the provider run the call of this request. */
export function isApproved(id: string, answer: CallAnswer): boolean {
  return answer.status === 'final' && isDeepStrictEqual(answer.content, handedOver(id))
}

/** The item that answers a request for approval. Whatever is not an approval refuses, with its text as the reason. */
export function mcpResponse(
  id: string,
  answer: Exclude<CallAnswer, { status: 'pending' }>,
): ResponseInputItem.McpApprovalResponse {
  const type = 'mcp_approval_response'
  if (isApproved(id, answer)) return { type, approval_request_id: id, approve: true }
  const reason =
    answer.status === 'threw' ? errorContent(answer.error) : textContent(answer.content)
  return { type, approval_request_id: id, approve: false, ...(reason !== '' && { reason }) }
}
