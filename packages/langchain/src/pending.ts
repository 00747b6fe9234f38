import type { Command } from '@langchain/langgraph'
import { type Approvals, isLeluError } from '@lelu/engine/adapter'
import { commandOf } from './command-of.ts'

/**
 * A call that waits for a person, as a result of the graph shows it; `toolCallId` is the id that the model gave it. Calls that share a node share an interrupt.
 */
export type PendingCall = {
  interruptId: string
  approvalId: string
  toolCallId: string
  tool: string
}

/** A run of `streamEvents` in version v3 and a `RemoteGraph` have other names for the same. */
type Interrupt =
  | {
      id?: unknown
      value?: unknown
      interruptId?: unknown
      payload?: unknown
      interrupt_id?: unknown
    }
  | null
  | undefined

const isInterrupt = (item: unknown): boolean =>
  typeof item === 'object' && item !== null && ('value' in item || 'payload' in item)

function interruptsOf(result: unknown): Interrupt[] {
  if (Array.isArray(result)) {
    // A stream of several modes, or of sub-graphs too, gives its chunk last, behind the mode and the namespace.
    return result.every(isInterrupt) ? (result as Interrupt[]) : interruptsOf(result.at(-1))
  }
  if (typeof result !== 'object' || result === null) return []
  const { __interrupt__: raised, tasks } = result as { __interrupt__?: unknown; tasks?: unknown }
  if (Array.isArray(raised)) return raised as Interrupt[]
  if (!Array.isArray(tasks)) return []
  // A state still lists the interrupts of tasks that have gone on since and have a result. Sent by a server, it says null
  // for none.
  return tasks.flatMap((task: { interrupts?: unknown; result?: unknown }) =>
    Array.isArray(task?.interrupts) && (task.result ?? null) === null
      ? (task.interrupts as Interrupt[])
      : [],
  )
}

const shownText = (value: unknown): string => (typeof value === 'string' ? value : '')

function readInterrupt(interrupt: Interrupt): PendingCall[] {
  const { interrupt_id, interruptId = interrupt_id, payload } = interrupt ?? {}
  const { id = interruptId, value = payload } = interrupt ?? {}
  const { lelu, actionRequests } = (value ?? {}) as {
    lelu?: { approvalIds?: unknown; callIds?: unknown[] }
    actionRequests?: { name?: unknown }[]
  }
  const approvalIds = lelu?.approvalIds
  if (typeof id !== 'string' || !Array.isArray(approvalIds)) return []
  return approvalIds
    .filter((approvalId) => typeof approvalId === 'string')
    .map((approvalId, at) => {
      const [tool, toolCallId] = [actionRequests?.[at]?.name, lelu?.callIds?.[at]]
      return {
        interruptId: id,
        approvalId,
        toolCallId: shownText(toolCallId),
        tool: shownText(tool),
      }
    })
}

/**
 * The calls that wait in a thread. Takes what `invoke` answered, an `updates` chunk of a stream (as it comes with
 * several modes or with sub-graphs, too), a state from `getState` (of a `RemoteGraph` or the client of a LangGraph server,
 * too), or an array of interrupts, such as `run.interrupts` of `streamEvents`; other interrupts than ours are left out.
 */
export function pendingApprovals(result: unknown): PendingCall[] {
  const found = new Map<string, PendingCall>()
  for (const interrupt of interruptsOf(result)) {
    // The id of an interrupt changes when it is woken too early, so the last one counts.
    for (const pending of readInterrupt(interrupt)) found.set(pending.approvalId, pending)
  }
  return [...found.values()]
}

/** Of `resume`. */
export type ResumeOptions = {
  /** As for `pendingApprovals`. In a CommonJS project what `invoke` or `getState` answered: it says which copy of LangChain it is. */
  result: unknown
  /** The engine, or a review desk: only its approvals are read. */
  lelu: { approvals: Pick<Approvals, 'get'> }
}

async function isDecided(approvalId: string, { lelu }: ResumeOptions): Promise<boolean> {
  try {
    return (await lelu.approvals.get(approvalId)).state !== 'pending'
  } catch (error) {
    // The call is woken up to be refused: one altered record must not keep the others waiting.
    if (isLeluError(error) && error.code === 'LELU_APPROVAL_ALTERED') return true
    // Of another engine, which wakes it up itself.
    if (isLeluError(error) && error.code === 'LELU_APPROVAL_NOT_FOUND') return false
    throw error
  }
}

/**
 * The command that resumes the interrupts of decided calls, and no other: `agent.invoke(command, config)`.
 * Undefined when there is none. It grants nothing: the engine looks again at each call it wakes up, so a plain
 * `new Command({ resume: true })` is as safe.
 */
export async function resume(
  options: ResumeOptions,
): Promise<Command<unknown, never, never> | undefined> {
  const decided: Record<string, true> = {}
  for (const { interruptId, approvalId } of pendingApprovals(options.result)) {
    if (await isDecided(approvalId, options)) decided[interruptId] = true
  }
  if (Object.keys(decided).length === 0) return undefined
  const CommandClass = commandOf(options.result)
  return new CommandClass({ resume: decided })
}
