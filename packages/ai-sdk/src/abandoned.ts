import type { ModelMessage, ToolResultPart, UIMessage } from 'ai'
import { closeAbandonedUi } from './abandoned-ui.ts'
import { isChat } from './check-messages.ts'
import type { OpenCall } from './history.ts'
import { type Ending, leaveBehind } from './leave-behind.ts'
import type { AbandonedContext } from './options.ts'
import { findAll } from './settle.ts'
import type { GuardState } from './state.ts'
import { type ModelOutput, toolNamed } from './tool-output.ts'

/** What came of a call, as the model is told. */
async function toOutput(
  { notes }: GuardState,
  { toolCallId, toolName, input }: OpenCall,
  ending: Ending,
  { tools }: AbandonedContext,
): Promise<ModelOutput> {
  switch (ending.status) {
    case 'denied':
      return { type: 'execution-denied', reason: ending.reason }
    case 'error':
      return { type: 'error-text', value: ending.text }
    case 'completed': {
      const tool = toolNamed(tools, toolName)
      const output = notes.add(ending.value, ending.edited, input, tool)
      return notes.toModelOutput(tool)({ toolCallId, input, output })
    }
  }
}

/** Closes the calls of a history that a newer message left behind: the SDK would refuse it with open ones. */
async function closeAbandoned(
  state: GuardState,
  messages: readonly ModelMessage[],
  context: AbandonedContext,
): Promise<ModelMessage[]> {
  const found = await findAll(state, messages, context)
  // In the order of the calls: some providers have no ids, and tell the results of one tool apart by it.
  const results = new Map<number, ToolResultPart[]>()
  for (const one of found.filter(({ call }) => call.abandoned)) {
    const { toolCallId, toolName, index } = one.call
    const output = await toOutput(state, one.call, await leaveBehind(state, one), context)
    const ended = results.get(index) ?? []
    ended.push({ type: 'tool-result', toolCallId, toolName, output })
    results.set(index, ended)
  }
  return messages.flatMap((message, index): ModelMessage[] => {
    const asked = results.get(index)
    const before = results.get(index - 1)
    if (asked !== undefined && messages[index + 1]?.role !== 'tool') {
      return [message, { role: 'tool', content: asked }]
    }
    if (before === undefined || message.role !== 'tool') return [message]
    return [{ ...message, content: [...message.content, ...before] }]
  })
}

/**
 * Cancels the approvals of calls that a newer message left behind, or that the user of a chat declined, and closes
 * those calls in the history: else they could be approved for nobody.
 */
export async function cancelAbandoned(
  state: GuardState,
  messages: readonly ModelMessage[] | readonly UIMessage[],
  context: AbandonedContext,
): Promise<ModelMessage[] | UIMessage[]> {
  return isChat(messages)
    ? closeAbandonedUi(state, messages as readonly UIMessage[], context)
    : closeAbandoned(state, messages as readonly ModelMessage[], context)
}
