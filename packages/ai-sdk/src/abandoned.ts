import { isLeluError } from '@lelu/engine/adapter'
import { convertToModelMessages, type ModelMessage, type UIMessage } from 'ai'
import { callId } from './history.ts'
import type { RunContext } from './options.ts'
import { type Found, findAll, findOpen } from './settle.ts'
import type { GuardState } from './state.ts'

/** Cancels what can be cancelled, and answers why the call did not run here. */
async function leaveBehind(
  { options }: GuardState,
  { approval }: Pick<Found, 'approval'>,
  reason = 'the conversation went on without it',
): Promise<string> {
  const gone = 'The conversation went on before this call was answered.'
  if (approval === undefined) return gone
  try {
    const cancelled = await options.lelu.approvals.cancel(approval.id, { reason })
    return cancelled.reason?.message ?? gone
  } catch (error) {
    // It has ended by itself, or is running for another request.
    if (isLeluError(error) && error.code === 'LELU_APPROVAL_STATE') return gone
    throw error
  }
}

/** Closes the calls of a history that a newer message left behind: the SDK would refuse it with open ones. */
export async function closeAbandoned(
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

/** A tool part of a UI message, read with care. */
type ToolPart = {
  type: string
  state?: string
  toolCallId: string
  toolName?: string
  input?: unknown
  providerExecuted?: boolean
  approval?: { id: string; approved?: boolean }
}

const prefix = 'tool-'

function toolPart(part: UIMessage['parts'][number]): ToolPart | undefined {
  const isTool = part.type === 'dynamic-tool' || part.type.startsWith(prefix)
  // Input that is still streaming is no call yet, and becomes none of the model's messages.
  return isTool && (part as ToolPart).state !== 'input-streaming' ? (part as ToolPart) : undefined
}

const isOpen = ({ state, approval }: ToolPart) =>
  state === 'approval-requested' || (state === 'approval-responded' && approval?.approved === true)

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
    if (!ends || call.providerExecuted === true) return part
    asked ??= await convertToModelMessages([...messages])
    const toolName = call.toolName ?? type.slice(prefix.length)
    const open = { id: callId(toolCallId, earlier), toolCallId, toolName, input }
    const found = await findOpen(state, asked, open, context)
    const reason = await leaveBehind(state, found, declined ? 'the user declined it' : undefined)
    if (declined) return part
    const denied = { state: 'output-denied', approval: { ...approval, approved: false, reason } }
    return { ...part, ...denied } as M['parts'][number]
  }
  const closed: M[] = []
  for (const [index, message] of messages.entries()) {
    const parts: M['parts'] = []
    for (const part of message.parts) parts.push(await close(part, index))
    closed.push({ ...message, parts })
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
