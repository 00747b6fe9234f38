import { AIMessage, type BaseMessage, type ToolCall } from '@langchain/core/messages'
import type { AnsweredCall, Json } from '@lelu/engine/adapter'

type Model = {
  bindTools?: (tools: unknown[]) => {
    invoke(messages: BaseMessage[], options: object): Promise<unknown>
  }
}

/** What a model is asked in a step. */
export type Question = { messages: BaseMessage[]; tools: readonly unknown[] }

// OpenAI runs the tools of hosted MCP servers itself, as soon as it is asked: a question that is put once more, to hear
// another model, must not send a second mail.

/** Whether it runs an approved call with this question: nothing says yet what came of it. */
function letsRun(messages: readonly BaseMessage[]): boolean {
  const answered = messages.findLastIndex((message) => message.getType() === 'ai')
  const parts = messages
    .slice(answered + 1)
    .flatMap(({ content }): unknown[] => (Array.isArray(content) ? content : []))
  return parts.some((part) => {
    const { type, approve } = (part ?? {}) as Record<string, unknown>
    return type === 'mcp_approval_response' && approve !== false
  })
}

function askingFirst(tool: unknown): unknown {
  const { type } = (tool ?? {}) as { type?: unknown }
  return type === 'mcp' ? { ...(tool as object), require_approval: 'always' } : tool
}

/** The same question for another model, which makes no call of a hosted server; undefined where that cannot be had. */
export function withoutEffects({ messages, tools }: Question): Question | undefined {
  return letsRun(messages) ? undefined : { messages, tools: tools.map(askingFirst) }
}

/** Puts the question of this step to another chat model. What it says is not part of the app's stream. */
export async function askModel(
  model: unknown,
  { messages, tools }: Question,
  signal: AbortSignal,
): Promise<AnsweredCall[]> {
  const bind = (model as Model | null)?.bindTools
  if (bind === undefined) throw new TypeError('not a chat model that takes tools')
  const answer = await bind.call(model, [...tools]).invoke(messages, { signal, tags: ['nostream'] })
  if (!AIMessage.isInstance(answer)) return []
  return answeredCalls(answer.tool_calls ?? [])
}

export function answeredCalls(calls: readonly ToolCall[]): AnsweredCall[] {
  return calls.map(({ name, args }) => ({ tool: name, input: args as Json }))
}
