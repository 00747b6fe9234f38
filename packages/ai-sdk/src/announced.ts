import type { HeldCall } from '@lelu/engine/adapter'
import type { ModelMessage } from 'ai'

/** What `toolApproval` found out about a call, for the `execute` of the same call. */
export type Announced = {
  runtimeContext: unknown
  /** The id came twice in one answer: neither call runs. */
  repeated?: boolean
  held?: HeldCall<unknown>
  /** The approval that was made for it just now. */
  approvalId?: string
}

/** Calls by the messages they were asked with: the SDK hands the same array to `toolApproval` and to `execute`. */
export type AnnouncedCalls = {
  /** The call with this id that was announced for the same messages. */
  find(messages: readonly ModelMessage[], toolCallId: string): Announced | undefined
  keep(messages: readonly ModelMessage[], toolCallId: string, announced: Announced): void
  /** A second execution of the call finds nothing. */
  take(messages: readonly ModelMessage[], toolCallId: string): Announced | undefined
}

/**
 * Bound to the array itself and not to ids: two runs on one server may both call `call_0`. Nothing is kept longer
 * than the messages are.
 */
export function announcedCalls(): AnnouncedCalls {
  const calls = new WeakMap<readonly ModelMessage[], Map<string, Announced>>()
  return {
    find: (messages, toolCallId) => calls.get(messages)?.get(toolCallId),
    keep(messages, toolCallId, announced) {
      const known = calls.get(messages) ?? new Map<string, Announced>()
      calls.set(messages, known.set(toolCallId, announced))
    },
    take(messages, toolCallId) {
      const known = calls.get(messages)
      const announced = known?.get(toolCallId)
      known?.delete(toolCallId)
      return announced
    },
  }
}
