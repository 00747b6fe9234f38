import { editedInput } from '@lelu/engine/adapter'
import { convertToModelMessages, type ModelMessage, type UIMessage } from 'ai'
import { checkMessages } from './check-messages.ts'
import { answeredPart, decidedPart, isUnexplained } from './decided-ui.ts'
import { callId } from './history.ts'
import { type Ending, endOf, leaveBehind } from './leave-behind.ts'
import type { AbandonedContext } from './options.ts'
import { findOpen, type NamedCall } from './settle.ts'
import type { GuardState } from './state.ts'
import { toolNamed } from './tool-output.ts'
import {
  ended,
  isAnswered,
  isDeclined,
  isHalfway,
  isOpen,
  isUnansweredPart,
  type ToolPart,
  toolNameOf,
  toolPart,
} from './tool-part.ts'

/** What came of a call, as the chat shows it and the conversion tells the model. */
function toPart(
  { notes }: GuardState,
  { toolName, input }: NamedCall,
  ending: Ending,
  { tools }: AbandonedContext,
): Partial<ToolPart> {
  switch (ending.status) {
    case 'denied':
      return { state: 'output-denied', approval: { approved: false, reason: ending.reason } }
    case 'error':
      return { state: 'output-error', errorText: ending.text, approval: { approved: true } }
    case 'completed': {
      const { value, edited } = ending
      const output = notes.add(value, edited, input, toolNamed(tools, toolName))
      return { state: 'output-available', output, approval: { approved: true } }
    }
  }
}

/**
 * The same for the messages of a chat, before they are converted: the SDK's conversion leaves such calls out, and
 * then nobody would know of their approvals. And each call that was decided says how: the SDK wants to read it there.
 */
export async function closeAbandonedUi<M extends UIMessage>(
  state: GuardState,
  messages: readonly M[],
  context: AbandonedContext,
): Promise<M[]> {
  checkMessages(messages, 'chat')
  const lastUser = messages.findLastIndex(({ role }) => role === 'user')
  const counts = new Map<string, number>()
  let asked: ModelMessage[] | undefined
  const close = async (part: M['parts'][number], index: number): Promise<M['parts'][number]> => {
    const call = toolPart(part)
    if (call === undefined) return part
    const { toolCallId, input } = call
    const earlier = counts.get(toolCallId) ?? 0
    counts.set(toolCallId, earlier + 1)
    if (call.providerExecuted === true) return part
    const named = { id: callId(toolCallId, earlier), toolCallId, toolName: toolNameOf(call), input }
    const find = async () => {
      asked ??= await convertToModelMessages([...messages])
      return findOpen(state, asked, named, context)
    }
    if (isDeclined(call)) {
      const ending = await leaveBehind(state, await find(), 'the user declined it')
      return ending.status === 'denied' ? part : ended(part, toPart(state, named, ending, context))
    }
    if (isAnswered(call)) {
      const tool = toolNamed(context.tools, named.toolName)
      if (!state.notes.isPlainText(call.output, tool)) {
        const { approval } = await find()
        state.notes.add(call.output, approval && editedInput(approval), input, tool)
      }
      return answeredPart(part, undefined)
    }
    if (!isOpen(call)) {
      const unsure = isUnexplained(call) || isHalfway(call)
      const approval = unsure ? (await find()).approval : undefined
      const ending = approval && endOf(approval, named)
      // It has run since, or the page shows it so by itself: nobody may be told that nothing happened.
      return ending === undefined || ending.status === 'denied'
        ? answeredPart(part, approval)
        : ended(part, toPart(state, named, ending, context))
    }
    if (index < lastUser) {
      const ending = await leaveBehind(state, await find())
      return ended(part, toPart(state, named, ending, context))
    }
    // As it was before its execution: that it says "approved" only wakes it up.
    const woken = { state: 'approval-responded', approval: { approved: true } }
    const open = isUnansweredPart(call) ? ended(part, woken) : part
    return decidedPart(open, (await find()).approval)
  }
  const closed: M[] = []
  for (const [index, message] of messages.entries()) {
    // The SDK's conversion reads calls of the assistant alone.
    if (message.role !== 'assistant') {
      closed.push(message)
      continue
    }
    const parts: M['parts'] = []
    for (const part of message.parts) parts.push(await close(part, index))
    closed.push({ ...message, parts })
  }
  return closed
}
