import {
  type AIMessage,
  type BaseMessage,
  isAIMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { cancelCalls } from '@lelu/engine/adapter'
import { checkOptions, type GuardedCall, type GuardOptions } from './options.ts'
import { callId, runOf } from './place.ts'

/** What the node that is about to ask the model knows. */
export type AskingNode = Omit<GuardedCall, 'toolCall' | 'message'>

type LeftCall = Pick<GuardedCall, 'toolCall'> & { message: AIMessage }

/** The calls that were left without an answer when the user spoke again. */
function leftBehind(messages: readonly BaseMessage[]): LeftCall[] {
  const lastWord = messages.findLastIndex((message) => message.getType() === 'human')
  return messages.slice(0, Math.max(lastWord, 0)).flatMap((message, at) => {
    if (!isAIMessage(message)) return []
    // Ids repeat from answer to answer, so only the messages right behind it can answer its calls.
    const rest = messages.slice(at + 1)
    const end = rest.findIndex((next) => !ToolMessage.isInstance(next))
    const answers = (end === -1 ? rest : rest.slice(0, end)) as ToolMessage[]
    const answered = new Set(answers.map(({ tool_call_id }) => tool_call_id))
    return (message.tool_calls ?? []).flatMap(({ id, name, args }) =>
      id === undefined || answered.has(id)
        ? []
        : [{ message, toolCall: { id, name, args, type: 'tool_call' as const } }],
    )
  })
}

/**
 * Cancels the approvals of calls that the user left behind with a new message. `leluMiddleware` does it before each
 * call of the model; a graph of your own does it in the node that asks the model.
 */
export async function cancelAbandoned(node: AskingNode, options: GuardOptions): Promise<void> {
  checkOptions(options)
  const calls = leftBehind(node.messages).map((left): GuardedCall => ({ ...node, ...left }))
  await cancelCalls(
    options,
    calls.map((call) => ({ context: call, run: runOf(options, call), id: callId(call) })),
  )
}
