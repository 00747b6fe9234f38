import { BaseMessage, isBaseMessage } from '@langchain/core/messages'
import { Command } from '@langchain/langgraph'
import { required } from './required.ts'

/** A message of what `invoke` or `getState` answered. */
function messageIn(result: unknown): BaseMessage | undefined {
  const { messages, values } = (result ?? {}) as { messages?: unknown; values?: unknown }
  const list = messages ?? (values as { messages?: unknown } | undefined)?.messages
  return Array.isArray(list) ? list.find((item) => isBaseMessage(item)) : undefined
}

/** By its class alone: `instanceof` takes the messages of any copy. */
const isMadeBy = (made: typeof BaseMessage, message: BaseMessage): boolean =>
  Object.prototype.isPrototypeOf.call(made.prototype, message)

/**
 * The `Command` of the copy of LangGraph that made this result. A project that loads LangChain with `require` has another
 * copy than ours, and its agents take a command of ours for new input: the model is asked again, and the calls that
 * wait are passed over for good.
 */
export function commandOf(result: unknown): typeof Command {
  const message = messageIn(result)
  if (message === undefined || isMadeBy(BaseMessage, message)) return Command
  const core = required('@langchain/core/messages')
  if (core === undefined || !isMadeBy(core.BaseMessage, message)) return Command
  return required('@langchain/langgraph')?.Command ?? Command
}
