import { AsyncLocalStorage } from 'node:async_hooks'
import type { ModelMessage } from 'ai'
import { callId } from './history.ts'

/** A call whose tool is running. */
export type RunningCall = {
  tool: string
  /** Its name within its run. */
  id: string
  messages: readonly ModelMessage[]
  runtimeContext: unknown
}

type Around = RunningCall & { counts: Map<string, number> }

const around = new AsyncLocalStorage<Around>()

/** Runs a guarded tool so that what it calls in turn, such as a sub-agent, can tell where it is. */
export function runInside<T>(call: RunningCall, run: () => T): T {
  return around.run({ ...call, counts: new Map() }, run)
}

/** The guarded tool that is running around this code, of whichever guard; undefined outside of any. */
export function toolAround(): string | undefined {
  return around.getStore()?.tool
}

/** A call that a tool makes of another tool, in the place of the SDK. */
export type InnerCall = Pick<RunningCall, 'id' | 'runtimeContext'>

/**
 * Undefined for a call of the SDK. A tool hands on the messages that it was given, and often its own call id: with that, the
 * inner call would pass for the outer one, which somebody may have approved. So it is named by its place in the outer.
 */
export function innerCall(
  messages: readonly ModelMessage[],
  toolCallId: string,
): InnerCall | undefined {
  const outer = around.getStore()
  if (outer === undefined || outer.messages !== messages) return undefined
  const earlier = outer.counts.get(toolCallId) ?? 0
  outer.counts.set(toolCallId, earlier + 1)
  const { id, runtimeContext } = outer
  return { id: `${id}/${callId(toolCallId, earlier)}`, runtimeContext }
}
