import { type AIMessage, type BaseMessage, isAIMessage } from '@langchain/core/messages'

const callLine = ({ name, args }: { name: string; args: unknown }) =>
  `  ${name} ${JSON.stringify(args)}`

function linesOf(message: BaseMessage): string[] {
  if (message.getType() === 'human') return [`You: ${message.text}`]
  if (message.getType() === 'tool') return [`    -> ${message.text}`]
  if (!isAIMessage(message)) return []
  return message.text === '' ? [] : [`Trader: ${message.text}`]
}

/** The messages from `first` on as a person reads them: each call with its answer under it. */
export function transcript(messages: BaseMessage[], first: number): string[] {
  const lines: string[] = []
  let asked: NonNullable<AIMessage['tool_calls']> = []
  for (const [at, message] of messages.entries()) {
    if (isAIMessage(message)) asked = message.tool_calls ?? []
    const { tool_call_id } = message as { tool_call_id?: string }
    if (at < first) continue
    const call = asked.find(({ id }) => id === tool_call_id)
    if (call !== undefined) lines.push(callLine(call))
    lines.push(...linesOf(message))
  }
  return lines
}
