import type { ModelMessage } from 'ai'

/** A part of a message, read with care: histories are often the client's. */
export type Part = {
  type: string
  toolCallId?: string
  toolName?: string
  approvalId?: string
  approved?: boolean
  providerExecuted?: boolean
  input?: unknown
}

/**
 * The parts of a message of this role; none for any other role, and none for plain text. The SDK compares roles loosely,
 * so that `["tool"]`, which JSON can bring, is "tool".
 */
export function partsOf(
  message: ModelMessage | undefined,
  role: ModelMessage['role'],
): readonly Part[] {
  if (String(message?.role) !== role || !Array.isArray(message?.content)) return []
  return (message.content as readonly (Part | null)[]).filter((part) => part !== null)
}

/** The name of a call within its run. */
export const callId = (toolCallId: string, earlier: number): string => `${toolCallId}#${earlier}`

/** How often these messages call with this id. */
function countCalls(messages: readonly ModelMessage[], toolCallId: string): number {
  const isCall = (part: Part) => part.type === 'tool-call' && part.toolCallId === toolCallId
  return messages.flatMap((message) => partsOf(message, 'assistant').filter(isCall)).length
}

/** The SDK looks ids up as the names of properties: there `["id"]`, which JSON can bring, is `"id"`. */
export const nameOf = (id: unknown): string => String(id)

/**
 * Whether the SDK takes the call up from the history instead of from the model: by the very rule of its own
 * `collectToolApprovals`, or a forged history could pass for a new answer.
 */
function isResumed(messages: readonly ModelMessage[], toolCallId: string): boolean {
  const last = partsOf(messages.at(-1), 'tool')
  if (last.some((part) => part.type === 'tool-result' && part.toolCallId === toolCallId))
    return false
  const approvals = last.filter(
    (part) => part.type === 'tool-approval-response' && Boolean(part.approved),
  )
  if (approvals.length === 0) return false
  const requested = new Map<string, string>()
  for (const message of messages) {
    for (const part of partsOf(message, 'assistant')) {
      if (part.type === 'tool-approval-request')
        requested.set(nameOf(part.approvalId), nameOf(part.toolCallId))
    }
  }
  return approvals.some(
    ({ approvalId }) => requested.get(nameOf(approvalId)) === nameOf(toolCallId),
  )
}

/**
 * Names a call within its run, the same when it is decided and when it is resumed: models reuse ids (`call_0` in
 * every step), so how many earlier calls have the same id is part of the name.
 */
export function placeOf(
  messages: readonly ModelMessage[],
  toolCallId: string,
): { id: string; resumed: boolean } {
  const resumed = isResumed(messages, toolCallId)
  const count = countCalls(messages, toolCallId)
  return { id: callId(toolCallId, resumed ? Math.max(count - 1, 0) : count), resumed }
}

/** A call that was suspended and has no result yet. */
export type OpenCall = {
  /** Within its run, as `placeOf` names it. */
  id: string
  toolCallId: string
  toolName: string
  input: unknown
  /** The SDK's own id of its request; it is no approval of ours. */
  approvalId: string
  /** The message that asks for it. */
  index: number
  /** Whether the conversation went on without it. */
  abandoned: boolean
  /** Whether the history has an answer to the request. It may be the client's, so it says nothing. */
  answered: boolean
}

/** Whether a later message answers the call; a newer call of the same id is another call. */
function hasResult(later: readonly ModelMessage[], toolCallId: string): boolean {
  for (const message of later) {
    if (countCalls([message], toolCallId) > 0) return false
    const answers = (part: Part) => part.type === 'tool-result' && part.toolCallId === toolCallId
    if (partsOf(message, 'tool').some(answers)) return true
  }
  return false
}

/** Whether a call of the last step that the app or its client answers has no result yet: the SDK would fail on it. */
export function waitsForApp(messages: readonly ModelMessage[]): boolean {
  const index = messages.findLastIndex(({ role }) => String(role) !== 'tool')
  const parts = partsOf(messages[index], 'assistant')
  const asked = requestsIn(parts)
  return parts.some(
    ({ type, toolCallId = '', providerExecuted }) =>
      type === 'tool-call' &&
      providerExecuted !== true &&
      !asked.has(toolCallId) &&
      !hasResult(messages.slice(index + 1), toolCallId),
  )
}

type Requests = [first: string, ...others: string[]]

/** The ids of the requests in a message, by call: a client may have added more, and some versions run each approved one. */
function requestsIn(parts: readonly Part[]): Map<string, Requests> {
  const requests = new Map<string, Requests>()
  for (const { type, approvalId, toolCallId } of parts) {
    if (type !== 'tool-approval-request') continue
    if (typeof approvalId !== 'string' || typeof toolCallId !== 'string') continue
    const earlier = requests.get(toolCallId)
    requests.set(toolCallId, earlier === undefined ? [approvalId] : [...earlier, approvalId])
  }
  return requests
}

/**
 * Every call of a history that was suspended and has no result yet, in order. Those that the provider runs are not
 * among them: their approvals are between the app and the provider.
 */
export function openCalls(messages: readonly ModelMessage[]): OpenCall[] {
  const answers = partsOf(messages.at(-1), 'tool').filter(
    ({ type }) => type === 'tool-approval-response',
  )
  return messages.flatMap((message, index) => {
    const later = messages.slice(index + 1)
    const parts = partsOf(message, 'assistant')
    return [...requestsIn(parts)].flatMap(([toolCallId, requests]): OpenCall[] => {
      const call = parts.find((part) => part.type === 'tool-call' && part.toolCallId === toolCallId)
      if (typeof call?.toolName !== 'string' || call.providerExecuted === true) return []
      if (hasResult(later, toolCallId)) return []
      return [
        {
          id: callId(toolCallId, countCalls(messages.slice(0, index), toolCallId)),
          toolCallId,
          toolName: call.toolName,
          input: call.input,
          approvalId: requests[0],
          index,
          abandoned: later.some(({ role }) => role !== 'tool'),
          answered: answers.some(({ approvalId }) => requests.some((id) => id === approvalId)),
        },
      ]
    })
  })
}
