import type { Approval, ConfidenceSignal, HeldCall } from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'

/** What `toolApproval` found out about a call, for the `execute` of the same call. */
export type Announced = {
  runtimeContext: unknown
  /** Why it must not run, in the words that the model reads. */
  refusal?: string
  held?: HeldCall<unknown>
  /** What was read when the model answered. */
  answer?: { signal: ConfidenceSignal | undefined } | undefined
  /** The approval that was made for it just now. */
  approval?: Approval
}

/** Calls by the messages they were asked with: the SDK hands the same array to `toolApproval` and to `execute`. */
export type AnnouncedCalls = {
  /** The call with this id that was announced last for the same messages. */
  find(messages: readonly ModelMessage[], toolCallId: string): Announced | undefined
  keep(messages: readonly ModelMessage[], toolCallId: string, announced: Announced): void
  /** Each is taken once: a second execution of the call finds nothing. */
  take(messages: readonly ModelMessage[], toolCallId: string): Announced | undefined
}

/**
 * Bound to the array itself and not to ids: two runs on one server may both call `call_0`. Nothing is kept longer
 * than the messages are. Two runs that resume the very same array announce the same call twice, once for each.
 */
export function announcedCalls(): AnnouncedCalls {
  const calls = new WeakMap<readonly ModelMessage[], Map<string, Announced[]>>()
  const listOf = (messages: readonly ModelMessage[], toolCallId: string) =>
    calls.get(messages)?.get(toolCallId)
  return {
    find: (messages, toolCallId) => listOf(messages, toolCallId)?.at(-1),
    keep(messages, toolCallId, announced) {
      const known = calls.get(messages) ?? new Map<string, Announced[]>()
      const others = known.get(toolCallId)?.filter((one) => one !== announced) ?? []
      calls.set(messages, known.set(toolCallId, [...others, announced]))
    },
    take: (messages, toolCallId) => listOf(messages, toolCallId)?.pop(),
  }
}
