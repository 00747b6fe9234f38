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

/** The parts of a message, of whatever role; none of plain text, and nothing that is no part. */
export function partsIn(message: ModelMessage | undefined): readonly Part[] {
  const content: unknown = message?.content
  return Array.isArray(content) ? content.filter((part) => part !== null) : []
}

/** The same of a message of this role; none of any other. */
export function partsOf(
  message: ModelMessage | undefined,
  role: ModelMessage['role'],
): readonly Part[] {
  return message?.role === role ? partsIn(message) : []
}

/** The name of a call within its run. */
export const callId = (toolCallId: string, earlier: number): string => `${toolCallId}#${earlier}`

/** The SDK looks ids up as the names of properties: there `["id"]`, which JSON can bring, is `"id"`. */
export const nameOf = (id: unknown): string => String(id)

/** A call that was suspended and has no result yet. */
export type OpenCall = {
  /** Its name within its run: the one that it has when it is decided and when it is resumed. */
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

const resultsIn = (message: ModelMessage): readonly Part[] =>
  partsOf(message, 'tool').filter(({ type }) => type === 'tool-result')

/** Whether a call of the last step that the app or its client answers has no result yet: the SDK would fail on it. */
export function waitsForApp(messages: readonly ModelMessage[]): boolean {
  const index = messages.findLastIndex(({ role }) => role !== 'tool')
  const parts = partsOf(messages[index], 'assistant')
  const asked = requestsIn(parts)
  const results = messages.slice(index + 1).flatMap(resultsIn)
  const answered = new Set(results.map(({ toolCallId }) => toolCallId))
  return parts.some(
    ({ type, toolCallId = '', providerExecuted }) =>
      type === 'tool-call' &&
      providerExecuted !== true &&
      !asked.has(toolCallId) &&
      !answered.has(toolCallId),
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
    if (earlier === undefined) requests.set(toolCallId, [approvalId])
    else earlier.push(approvalId)
  }
  return requests
}

/**
 * Every call of a history that was suspended and has no result yet, in order. Those that the provider runs are not
 * among them: their approvals are between the app and the provider.
 */
export function openCalls(messages: readonly ModelMessage[]): OpenCall[] {
  const last = partsOf(messages.at(-1), 'tool')
  const answers = last.filter(({ type }) => type === 'tool-approval-response')
  const answered = new Set<unknown>(answers.map(({ approvalId }) => approvalId))
  const lastSaid = messages.findLastIndex(({ role }) => role !== 'tool')
  const counts = new Map<unknown, number>()
  const open = new Set<OpenCall>()
  /** Those whose result may still come; a newer call of the same id is another call. */
  const waiting = new Map<unknown, OpenCall>()
  for (const [index, message] of messages.entries()) {
    const parts = partsOf(message, 'assistant')
    const calls = parts.filter(({ type }) => type === 'tool-call')
    for (const { toolCallId } of calls) waiting.delete(toolCallId)
    const byId = new Map(calls.toReversed().map((call) => [call.toolCallId, call])) // the first of each
    for (const [toolCallId, requests] of requestsIn(parts)) {
      const { toolName, input, providerExecuted } = byId.get(toolCallId) ?? {}
      if (typeof toolName !== 'string' || providerExecuted === true) continue
      const call = {
        id: callId(toolCallId, counts.get(toolCallId) ?? 0),
        toolCallId,
        toolName,
        input,
        approvalId: requests[0],
        index,
        abandoned: lastSaid > index,
        answered: requests.some((id) => answered.has(id)),
      }
      open.add(call)
      waiting.set(toolCallId, call)
    }
    for (const { toolCallId } of calls) counts.set(toolCallId, (counts.get(toolCallId) ?? 0) + 1)
    for (const { toolCallId } of resultsIn(message)) {
      const call = waiting.get(toolCallId)
      if (call !== undefined) open.delete(call)
    }
  }
  return [...open]
}
