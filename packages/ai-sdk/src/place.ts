import type { ModelMessage } from 'ai'
import { callId, nameOf, partsIn, partsOf } from './history.ts'

/** What a history says of the calls that the SDK asks about with it. */
type Places = {
  /** How often it calls with each id. */
  counts: Map<unknown, number>
  /** Those that the SDK takes up from it, by their names. */
  resumed: Set<string>
  /** Where it ended when it was read. */
  end: readonly unknown[]
}

function countCalls(messages: readonly ModelMessage[]): Map<unknown, number> {
  const counts = new Map<unknown, number>()
  for (const message of messages) {
    for (const { type, toolCallId } of partsOf(message, 'assistant'))
      if (type === 'tool-call') counts.set(toolCallId, (counts.get(toolCallId) ?? 0) + 1)
  }
  return counts
}

/**
 * The calls that the SDK takes up from the history instead of from the model: by the very rule of its own
 * `collectToolApprovals`, or a forged history could pass for a new answer. It compares the role of the last message
 * loosely, so that `["tool"]`, which JSON can bring, is "tool"; all other roles as they are.
 */
function resumedIn(messages: readonly ModelMessage[]): Set<string> {
  const last = messages.at(-1)
  const answers = String(last?.role) === 'tool' ? partsIn(last) : []
  const resumed = new Set<string>()
  if (!answers.some(({ type }) => type === 'tool-approval-response')) return resumed
  const requests = new Map<string, string>() // the last one of an id counts
  for (const message of messages) {
    for (const { type, approvalId, toolCallId } of partsOf(message, 'assistant'))
      if (type === 'tool-approval-request') requests.set(nameOf(approvalId), nameOf(toolCallId))
  }
  for (const { type, approvalId, approved } of answers) {
    const call = requests.get(nameOf(approvalId))
    if (type === 'tool-approval-response' && approved && call !== undefined) resumed.add(call)
  }
  for (const { type, toolCallId } of answers)
    if (type === 'tool-result') resumed.delete(nameOf(toolCallId))
  return resumed
}

const known = new WeakMap<readonly ModelMessage[], Places>()

const endOf = (messages: readonly ModelMessage[]): readonly unknown[] => [
  messages.length,
  messages.at(-1),
  messages.at(-1)?.content?.length,
]

/**
 * Read through once, however many calls are placed in it: a client may send thousands. One that has grown since, as
 * that of an app which executes its tools itself does, is read again.
 */
function placesIn(messages: readonly ModelMessage[]): Places {
  const end = endOf(messages)
  const earlier = known.get(messages)
  if (earlier?.end.every((mark, index) => mark === end[index])) return earlier
  const places = { counts: countCalls(messages), resumed: resumedIn(messages), end }
  known.set(messages, places)
  return places
}

/**
 * Names a call within its run, the same when it is decided and when it is resumed: models reuse ids (`call_0` in
 * every step), so how many earlier calls have the same id is part of the name.
 */
export function placeOf(
  messages: readonly ModelMessage[],
  toolCallId: string,
): { id: string; resumed: boolean } {
  const places = placesIn(messages)
  const resumed = places.resumed.has(nameOf(toolCallId))
  const count = places.counts.get(toolCallId) ?? 0
  return { id: callId(toolCallId, resumed ? Math.max(count - 1, 0) : count), resumed }
}
