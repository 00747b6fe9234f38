import type { AnsweredCall, Json } from '@lelu/engine/adapter'
import type { Response } from 'openai/resources/responses/responses'
import { type AssistantMessage, callsOf } from './place.ts'

/** A call with its id; a list of them is in the order in which a model made them. */
export type MadeCall = AnsweredCall & { id: string }

export const unnamed = ({ tool, input }: MadeCall): AnsweredCall => ({ tool, input })

function jsonOrText(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** The calls of a message. */
export const madeChatCalls = (message: AssistantMessage): MadeCall[] =>
  callsOf(message).map(({ id, kind, name, text }) => ({
    ...{ id, tool: name },
    input: kind === 'custom' ? text : jsonOrText(text),
  }))

/** The calls of a response that are decided here. */
export function madeCalls(output: Response['output']): MadeCall[] {
  return output.flatMap((item): MadeCall[] => {
    switch (item.type) {
      case 'custom_tool_call':
        return [{ id: item.call_id, tool: item.name, input: item.input }]
      case 'function_call':
        return [{ id: item.call_id, tool: item.name, input: jsonOrText(item.arguments) }]
      case 'mcp_approval_request':
        return [{ id: item.id, tool: item.name, input: jsonOrText(item.arguments) }]
      default:
        return []
    }
  })
}
