import {
  type AIMessage,
  type BaseMessage,
  isAIMessage,
  isBaseMessage,
  ToolMessage,
} from '@langchain/core/messages'
import { cancelCalls } from '@lelu/engine/adapter'
import { isAnsweredHere } from './answered.ts'
import { checkOptions, type GuardedCall, type GuardOptions } from './options.ts'
import { callId, canSuspend, runOf } from './place.ts'

/** What the node that is about to ask the model knows. */
export type AskingNode = Omit<GuardedCall, 'toolCall' | 'message'>

type AskedCall = Pick<GuardedCall, 'toolCall'> & { message: AIMessage }
type Answered = AskedCall & { answer: ToolMessage | undefined }

/** Ids repeat from answer to answer, so only the messages right behind the one at this place can answer its calls. */
function answersBehind(messages: readonly BaseMessage[], at: number): ToolMessage[] {
  const answers: ToolMessage[] = []
  // No copy of all the rest: a thread may be long, and every message in it is looked at.
  for (let next = at + 1; next < messages.length; next += 1) {
    const message = messages[next]
    if (!ToolMessage.isInstance(message)) break
    answers.push(message)
  }
  return answers
}

/** The calls of the message at this place, each with its answer. */
function callsAt(messages: readonly BaseMessage[], at: number): Answered[] {
  const message = messages[at]
  if (message === undefined || !isAIMessage(message)) return []
  const answers = answersBehind(messages, at)
  return (message.tool_calls ?? []).flatMap(({ id, name, args }) => {
    if (id === undefined) return []
    const answer = answers.find(({ tool_call_id }) => tool_call_id === id)
    return [{ message, toolCall: { id, name, args, type: 'tool_call' as const }, answer }]
  })
}

const lastHuman = (messages: readonly BaseMessage[]): number =>
  messages.findLastIndex((message) => message.getType() === 'human')

/** The calls that were left without an answer when the user spoke again. */
function leftBehind(messages: readonly BaseMessage[]): AskedCall[] {
  const before = messages.slice(0, Math.max(lastHuman(messages), 0))
  return before
    .flatMap((_, at) => callsAt(messages, at))
    .filter(({ answer }) => answer === undefined)
}

/** The calls with an answer that the model is now asked about for the first time. */
function justAnswered(messages: readonly BaseMessage[]): AskedCall[] {
  const at = messages.findLastIndex((message) => isAIMessage(message))
  return callsAt(messages, at).filter(({ answer }) => answer !== undefined)
}

/**
 * Cancels the approvals of calls that nothing will take up again: those that the user left behind with a new message, and
 * those that have an answer in the thread already. One that runs at this moment stays as it is.
 * `leluMiddleware` does it before each call of the model; a graph of your own does it in the node that asks the model.
 */
export async function cancelAbandoned(node: AskingNode, options: GuardOptions): Promise<void> {
  checkOptions(options)
  // There every call is answered at once, and the approval waits for the next call with the same input.
  if (options.mode === 'tell-model') return
  const messages = node.messages.filter(isBaseMessage)
  const named = (calls: AskedCall[]) =>
    Promise.all(
      calls.map(async ({ message, toolCall }) => {
        const context: GuardedCall = { ...node, message, toolCall }
        return { context, run: await runOf(options, context), id: callId(context) }
      }),
    )
  // Something else may have answered them in their place: an app by hand, or middleware that takes an interrupt for an
  // error. Without a checkpointer nothing waits in the thread; and the store is asked nothing about a step that went well.
  const answered = canSuspend(node) ? await named(justAnswered(messages)) : []
  await cancelCalls(options, [
    ...(await named(leftBehind(messages))),
    ...answered.filter((call) => !isAnsweredHere(options.lelu, call)),
  ])
}
