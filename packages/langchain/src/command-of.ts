import { createRequire } from 'node:module'
import { BaseMessage, isBaseMessage } from '@langchain/core/messages'
import { Command } from '@langchain/langgraph'

type Core = typeof import('@langchain/core/messages')
type LangGraph = typeof import('@langchain/langgraph')

/** A message of what `invoke` or `getState` answered. */
function messageIn(result: unknown): BaseMessage | undefined {
  const { messages, values } = (result ?? {}) as { messages?: unknown; values?: unknown }
  const list = messages ?? (values as { messages?: unknown } | undefined)?.messages
  return Array.isArray(list) ? list.find((item) => isBaseMessage(item)) : undefined
}

/** By its class alone: `instanceof` takes the messages of any copy. */
const isMadeBy = (core: Pick<Core, 'BaseMessage'>, message: BaseMessage): boolean =>
  Object.prototype.isPrototypeOf.call(core.BaseMessage.prototype, message)

/**
 * The `Command` of the copy of LangGraph that made this result. A project that loads LangChain with `require` has another
 * copy than ours, and its agents take a command of ours for new input: the model is asked again, and the calls that
 * wait are passed over for good.
 */
export function commandOf(result: unknown): typeof Command {
  const message = messageIn(result)
  if (message === undefined || isMadeBy({ BaseMessage }, message)) return Command
  const require = createRequire(import.meta.url)
  if (!isMadeBy(require('@langchain/core/messages') as Core, message)) return Command
  return (require('@langchain/langgraph') as LangGraph).Command
}
