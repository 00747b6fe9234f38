import type { ModelMessage, UIMessage } from 'ai'
import { closeAbandonedUi } from './abandoned-ui.ts'
import { leaveBehind } from './leave-behind.ts'
import type { RunContext } from './options.ts'
import { findAll } from './settle.ts'
import type { GuardState } from './state.ts'

/** Closes the calls of a history that a newer message left behind: the SDK would refuse it with open ones. */
async function closeAbandoned(
  state: GuardState,
  messages: readonly ModelMessage[],
  context: RunContext,
): Promise<ModelMessage[]> {
  const found = await findAll(state, messages, context)
  const closed: ModelMessage[] = [...messages]
  for (const one of found.filter(({ call }) => call.abandoned).reverse()) {
    const { toolCallId, toolName, index } = one.call
    const reason = await leaveBehind(state, one)
    const output = { type: 'execution-denied' as const, reason }
    const result = { type: 'tool-result' as const, toolCallId, toolName, output }
    const next = closed[index + 1]
    if (next?.role === 'tool') {
      closed[index + 1] = { ...next, content: [...next.content, result] }
    } else {
      closed.splice(index + 1, 0, { role: 'tool', content: [result] })
    }
  }
  return closed
}

/**
 * Cancels the approvals of calls that a newer message left behind, or that the user of a chat declined, and closes
 * those calls in the history: else they could be approved for nobody.
 */
export async function cancelAbandoned(
  state: GuardState,
  messages: readonly ModelMessage[] | readonly UIMessage[],
  context: RunContext,
): Promise<ModelMessage[] | UIMessage[]> {
  const isUi = messages.some((message) => 'parts' in message)
  return isUi
    ? closeAbandonedUi(state, messages as readonly UIMessage[], context)
    : closeAbandoned(state, messages as readonly ModelMessage[], context)
}
