import { Command } from '@langchain/langgraph'
import { type Approvals, isLeluError } from '@lelu/engine/adapter'

/** A call that waits for a person, as a result of the graph shows it. */
export type PendingApproval = { interruptId: string; approvalId: string; action: string }

type Interrupt = { id?: unknown; value?: unknown } | null | undefined

function interruptsOf(result: unknown): Interrupt[] {
  if (Array.isArray(result)) return result as Interrupt[]
  if (typeof result !== 'object' || result === null) return []
  const { __interrupt__: raised, tasks } = result as { __interrupt__?: unknown; tasks?: unknown }
  if (Array.isArray(raised)) return raised as Interrupt[]
  if (!Array.isArray(tasks)) return []
  return tasks.flatMap((task: { interrupts?: unknown }) =>
    Array.isArray(task?.interrupts) ? (task.interrupts as Interrupt[]) : [],
  )
}

function readInterrupt(interrupt: Interrupt): PendingApproval | undefined {
  const { id, value } = interrupt ?? {}
  const { lelu, actionRequests } = (value ?? {}) as {
    lelu?: { approvalId?: unknown }
    actionRequests?: { name?: unknown }[]
  }
  const approvalId = lelu?.approvalId
  const action = actionRequests?.[0]?.name
  if (typeof id !== 'string' || typeof approvalId !== 'string') return undefined
  return { interruptId: id, approvalId, action: typeof action === 'string' ? action : '' }
}

/**
 * The calls that wait in a thread. Takes what `invoke` answered, an `updates` chunk of a stream, a state from
 * `getState`, or an array of interrupts; other interrupts than ours are left out.
 */
export function pendingApprovals(result: unknown): PendingApproval[] {
  const found = new Map<string, PendingApproval>()
  for (const interrupt of interruptsOf(result)) {
    const pending = readInterrupt(interrupt)
    // The id of an interrupt changes when it is woken too early, so the last one counts.
    if (pending !== undefined) found.set(pending.approvalId, pending)
  }
  return [...found.values()]
}

export type ResumeOptions = {
  /** As for `pendingApprovals`. */
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
    throw error
  }
}

/**
 * The command that resumes exactly the calls that are decided, and no other: `agent.invoke(command, config)`.
 * Undefined when there is none. It grants nothing: the engine looks again at each call it wakes up, so a plain
 * `new Command({ resume: true })` is as safe, and is what agents of version v1 need, which show one call at a time.
 */
export async function resume(options: ResumeOptions): Promise<Command | undefined> {
  const decided: Record<string, true> = {}
  for (const { interruptId, approvalId } of pendingApprovals(options.result)) {
    if (await isDecided(approvalId, options)) decided[interruptId] = true
  }
  return Object.keys(decided).length === 0 ? undefined : new Command({ resume: decided })
}
