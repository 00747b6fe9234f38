import { LeluError } from '@lelu/engine/adapter'
import type { FunctionCallItem, RunContext, RunToolApprovalItem } from '@openai/agents'
import { type LastApproval, lastApproval, nameOf, readJson } from './call-name.ts'
import { namespaceOfCall } from './namespace.ts'
import { type AgentGuardOptions, checkOptions, type GuardedCall, placeOf } from './options.ts'

/** A call that is suspended in a run. */
export type PendingCall = {
  approvalId: string
  callId: string
  tool: string
  namespace?: string
}

/** What shows the suspended calls of a run: its result (when it was streamed, after `completed`), or its state. */
export type Suspended =
  | { interruptions: RunToolApprovalItem[]; runContext: RunContext<unknown> }
  | { getInterruptions(): RunToolApprovalItem[] }

/** A function call that the SDK has suspended. `call` is left out when its arguments are no JSON. */
export type Interruption = {
  item: RunToolApprovalItem
  toolCall: FunctionCallItem
  call?: GuardedCall
}

type StoredCalls = { lastProcessedResponse?: { functions: { toolCall: FunctionCallItem }[] } }

/** Against the stored text of a run, which shows nothing before it is restored. */
function assertSuspended(result: unknown): void {
  const { interruptions, getInterruptions } = (result ?? {}) as Record<string, unknown>
  if (Array.isArray(interruptions) || typeof getInterruptions === 'function') return
  throw new LeluError('LELU_CALL_INVALID', 'This is neither the result of a run nor its state.', {
    help: 'Pass what run() gave, or the state that resumeRun() makes of a stored text.',
  })
}

/** A function call as the options see it; undefined when its arguments are no JSON. */
function guardedCall(
  toolCall: FunctionCallItem,
  runContext: RunContext<unknown>,
): GuardedCall | undefined {
  const { name: tool, callId } = toolCall
  const input = readJson(toolCall.arguments)
  if (input === undefined) return undefined
  const namespace = namespaceOfCall(toolCall)
  return {
    tool,
    ...(namespace !== undefined && { namespace }),
    callId,
    input,
    context: runContext.context,
    runContext,
  }
}

/** Results show the context of their run, states keep it to themselves. */
const contextOf = (state: unknown) => (state as { _context: RunContext<unknown> })._context

/** The suspended function calls; those of agents inside agent tools are among them. */
export function interruptionsOf(result: Suspended): Interruption[] {
  assertSuspended(result)
  const isResult = 'interruptions' in result
  const items = isResult ? result.interruptions : result.getInterruptions()
  const runContext = isResult ? result.runContext : contextOf(result)
  return items.flatMap((item) => {
    const toolCall = item.rawItem
    if (toolCall.type !== 'function_call') return []
    const call = guardedCall(toolCall, runContext)
    return [{ item, toolCall, ...(call && { call }) }]
  })
}

/** The function calls of the last answer in the stored text of a run, which may have ended without suspending them. */
export function lastCallsOf(state: unknown, serialized: string): GuardedCall[] {
  const { lastProcessedResponse } = JSON.parse(serialized) as StoredCalls
  return (lastProcessedResponse?.functions ?? []).flatMap(
    ({ toolCall }) => guardedCall(toolCall, contextOf(state)) ?? [],
  )
}

/** What the store has of a suspended call. */
export async function recordOf(
  options: AgentGuardOptions,
  call: GuardedCall,
): Promise<LastApproval> {
  return lastApproval(options, await placeOf(options, call), nameOf(call))
}

/**
 * The calls of a run that wait for a person, or did when it stopped: whether one is decided since, `lelu.approvals.get` says.
 * Suspended calls that the approval store does not know are left out.
 */
export async function pendingApprovals<Context = unknown>(
  result: Suspended,
  options: AgentGuardOptions<Context>,
): Promise<PendingCall[]> {
  checkOptions(options)
  const found: PendingCall[] = []
  for (const { call } of interruptionsOf(result)) {
    if (call === undefined) continue
    const { approval } = await recordOf(options as unknown as AgentGuardOptions, call)
    if (approval === undefined) continue
    const { tool, namespace, callId } = call
    found.push({
      approvalId: approval.id,
      callId,
      tool,
      ...(namespace !== undefined && { namespace }),
    })
  }
  return found
}
