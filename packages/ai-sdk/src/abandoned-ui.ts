import { convertToModelMessages, type ModelMessage, type UIMessage } from 'ai'
import { callId } from './history.ts'
import { leaveBehind } from './leave-behind.ts'
import type { RunContext } from './options.ts'
import { findOpen } from './settle.ts'
import type { GuardState } from './state.ts'
import { isUnanswered } from './unanswered.ts'

/** A tool part of a UI message, read with care. */
type ToolPart = {
  type: string
  state?: string
  toolCallId: string
  toolName?: string
  input?: unknown
  output?: unknown
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
  return { ...call, ...end } as Part
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
  context: RunContext,
): Promise<M[]> {
  const lastUser = messages.findLastIndex(({ role }) => role === 'user')
  const counts = new Map<string, number>()
  let asked: ModelMessage[] | undefined
  const close = async (part: M['parts'][number], index: number): Promise<M['parts'][number]> => {
    const call = toolPart(part)
    if (call === undefined) return part
    const { toolCallId, type, input, approval } = call
    const earlier = counts.get(toolCallId) ?? 0
    counts.set(toolCallId, earlier + 1)
    const declined = isDeclined(call)
    const ends = declined || (index < lastUser && isOpen(call))
    if (call.providerExecuted === true) return part
    if (!ends && isUnansweredPart(call)) {
      // As it was before its execution: that it says "approved" only wakes it up.
      const state = 'approval-responded'
      return ended(part, { state, approval: { ...approval, approved: true } })
    }
    if (!ends) return part
    asked ??= await convertToModelMessages([...messages])
    const toolName = call.toolName ?? type.slice(prefix.length)
    const open = { id: callId(toolCallId, earlier), toolCallId, toolName, input }
    const found = await findOpen(state, asked, open, context)
    const reason = await leaveBehind(state, found, declined ? 'the user declined it' : undefined)
    if (declined) return part
    return ended(part, {
      state: 'output-denied',
      approval: { ...approval, approved: false, reason },
    })
  }
  const closed: M[] = []
  for (const [index, message] of messages.entries()) {
    const parts: M['parts'] = []
    for (const part of message.parts) parts.push(await close(part, index))
    closed.push({ ...message, parts })
  }
  return closed
}
