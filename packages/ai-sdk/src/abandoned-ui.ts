import { convertToModelMessages, type ModelMessage, type UIMessage } from 'ai'
import { checkMessages } from './check-messages.ts'
import { callId } from './history.ts'
import { type Ending, leaveBehind } from './leave-behind.ts'
import type { AbandonedContext } from './options.ts'
import { findOpen, type NamedCall } from './settle.ts'
import type { GuardState } from './state.ts'
import { outputOf } from './tool-output.ts'
import { isUnanswered } from './unanswered.ts'

/** A tool part of a UI message, read with care. */
type ToolPart = {
  type: string
  state?: string
  toolCallId: string
  toolName?: string
  input?: unknown
  output?: unknown
  errorText?: string
  providerExecuted?: boolean
  approval?: { id?: string; approved?: boolean; reason?: string }
}

const prefix = 'tool-'

function toolPart(part: UIMessage['parts'][number]): ToolPart | undefined {
  const isTool = part.type === 'dynamic-tool' || part.type.startsWith(prefix)
  // Input that is still streaming is no call yet, and becomes none of the model's messages.
  return isTool && (part as ToolPart).state !== 'input-streaming' ? (part as ToolPart) : undefined
}

/** Its execution ended without an answer, and was shown in its place. */
const isUnansweredPart = ({ state, output, approval }: ToolPart) =>
  state === 'output-available' && isUnanswered(output) && approval !== undefined

const isOpen = (part: ToolPart) =>
  part.state === 'approval-requested' ||
  (part.state === 'approval-responded' && part.approval?.approved === true) ||
  isUnansweredPart(part)

/** The part with what came of its call since; what it said of that before is left out. */
function ended<Part>(part: Part, end: Partial<ToolPart>): Part {
  const { output: _output, ...call } = part as ToolPart
  return { ...call, ...end, approval: { ...call.approval, ...end.approval } } as Part
}

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
      const output = notes.add(value, edited, input, outputOf(tools, toolName))
      return { state: 'output-available', output, approval: { approved: true } }
    }
  }
}

/** The user may take back what the agent asked for; the SDK's conversion then closes the call by itself. */
const isDeclined = ({ state, approval }: ToolPart) =>
  state === 'approval-responded' && approval?.approved === false

/**
 * The same for the messages of a chat, before they are converted: the SDK's conversion leaves such calls out, and
 * then nobody would know of their approvals.
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
    const { toolCallId, type, input } = call
    const earlier = counts.get(toolCallId) ?? 0
    counts.set(toolCallId, earlier + 1)
    const declined = isDeclined(call)
    const ends = declined || (index < lastUser && isOpen(call))
    if (call.providerExecuted === true) return part
    if (!ends && isUnansweredPart(call)) {
      // As it was before its execution: that it says "approved" only wakes it up.
      return ended(part, { state: 'approval-responded', approval: { approved: true } })
    }
    if (!ends) return part
    asked ??= await convertToModelMessages([...messages])
    const toolName = call.toolName ?? type.slice(prefix.length)
    const open = { id: callId(toolCallId, earlier), toolCallId, toolName, input }
    const found = await findOpen(state, asked, open, context)
    const why = declined ? 'the user declined it' : undefined
    const ending = await leaveBehind(state, found, why)
    return declined && ending.status === 'denied'
      ? part
      : ended(part, toPart(state, open, ending, context))
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
