import {
  type Approval,
  cancelApproval,
  guardCall,
  invalidInputText,
  LeluError,
  leftBehindReason,
  leftBehindText,
  notRun,
} from '@lelu/engine/adapter'
import type { FunctionCallItem, RunState, RunToolApprovalItem } from '@openai/agents'
import { idOf, type LastApproval } from './call-name.ts'
import { adapterCall, type Guard, guardOf, writtenCall } from './guard.ts'
import { namespaceOfCall, namespaceOfTool } from './namespace.ts'
import { type AgentGuardOptions, checkOptions, type GuardedCall, placeOf } from './options.ts'
import { parseInput } from './parse-input.ts'
import { type Interruption, interruptionsOf, lastCallsOf, recordOf } from './pending.ts'
import { type AnyAgent, type RestoreOptions, restoreRun } from './restore-run.ts'

function guardOfItem({ agent, rawItem }: RunToolApprovalItem): Guard | undefined {
  const call = rawItem as FunctionCallItem
  const namespace = namespaceOfCall(call)
  return guardOf(
    agent.tools.find(
      (tool) =>
        tool.type === 'function' && tool.name === call.name && namespaceOfTool(tool) === namespace,
    ),
  )
}

function neverRuns(): never {
  const help = 'Let the agent ask again.'
  throw notRun(new LeluError('LELU_CALL_INVALID', 'A call that has ended is not run.', { help }))
}

/** What the model reads about a call that a person or the clock has ended. Nothing can run. */
async function refusalOf(
  item: RunToolApprovalItem,
  call: GuardedCall,
  count: number,
): Promise<string | undefined> {
  const guard = guardOfItem(item)
  if (guard === undefined) return undefined
  const { tool, options } = guard
  const written = writtenCall(guard, call.runContext, call, call.input)
  const parsed = await parseInput(tool, written.text)
  if (!parsed.valid) return invalidInputText(tool.name)
  const place = await placeOf(options, call)
  const id = idOf(written.name, count - 1)
  const asked = { ...adapterCall(guard, written, parsed, { ...place, id }), resumed: true }
  const result = await guardCall({ ...options, mode: 'suspend' }, asked, neverRuns)
  return result.status === 'refused' ? result.text : undefined
}

/** States in which a person has said yes, whatever became of the call since. */
const agreed: readonly Approval['state'][] = [
  'approved',
  'executing',
  'completed',
  'failed',
  'unknown',
]

/** The SDK suspends such a call of a tool with a gate on its own, and nobody was asked about it. */
function isMalformed({ call }: Interruption): boolean {
  return typeof call?.input !== 'object' || call.input === null || Array.isArray(call.input)
}

/** `abandoned` is what a call is answered that the store does not know; without it, such a call stays suspended. */
async function settle(
  state: RunState<unknown, AnyAgent>,
  interruption: Interruption,
  options: AgentGuardOptions,
  abandoned?: string,
): Promise<void> {
  const { item, toolCall, call } = interruption
  const reject = (message: string | undefined) =>
    state.reject(item, message === undefined ? {} : { message })
  if (guardOfItem(item) !== undefined && isMalformed(interruption)) {
    // What is no JSON reaches no tool. The SDK says so where it is approved; of a rejection, that nobody has approved it.
    return call === undefined ? state.approve(item) : reject(invalidInputText(toolCall.name))
  }
  const record: LastApproval = call ? await recordOf(options, call) : { count: 0 }
  const { approval, altered, count } = record
  if (call === undefined || (approval === undefined && altered !== true)) {
    // The tool's own gate holds it: the host answers, unless nobody waits for that any more.
    if (abandoned !== undefined) reject(abandoned)
    return
  }
  if (approval?.state === 'pending') return
  if (approval !== undefined && agreed.includes(approval.state)) return state.approve(item)
  reject(await refusalOf(item, call, count))
}

/**
 * The state to go on with: `run(agent, state)`. Exactly the calls that the approval store has decided are approved or
 * rejected in it; the others stay suspended. It grants nothing: the engine looks again where each tool is run.
 * Calls of guarded tools whose arguments are no JSON object are answered, for the SDK suspends them on its own.
 */
export async function resumeRun<TAgent extends AnyAgent, Context = unknown>(
  agent: TAgent,
  serialized: string,
  options: AgentGuardOptions<Context>,
  restoring: RestoreOptions<Context> = {},
): Promise<RunState<Context, TAgent>> {
  checkOptions(options)
  const state = await restoreRun<TAgent, Context>(agent, serialized, restoring)
  for (const interruption of interruptionsOf(state)) {
    await settle(state as never, interruption, options as unknown as AgentGuardOptions)
  }
  return state
}

/** Calls of tools that are not guarded here (hosted, shell, patch, computer). One that waits holds up the new message as well. */
function rejectOthers(state: RunState<unknown, AnyAgent>): void {
  for (const item of state.getInterruptions()) {
    if (item.rawItem.type !== 'function_call') state.reject(item, { message: leftBehindText })
  }
}

/**
 * For a new message of the user while calls wait: cancels them, so that an approval that comes late runs nothing, and
 * answers the state in which they are rejected, those of tools that nobody guards among them. Go on with
 * `state.addInput(message)` and `run(agent, state)`.
 */
export async function cancelAbandoned<TAgent extends AnyAgent, Context = unknown>(
  agent: TAgent,
  serialized: string,
  options: AgentGuardOptions<Context>,
  restoring: RestoreOptions<Context> = {},
): Promise<RunState<Context, TAgent>> {
  checkOptions(options)
  const state = await restoreRun<TAgent, Context>(agent, serialized, restoring)
  const own = options as unknown as AgentGuardOptions
  const cancel = async (call: GuardedCall | undefined) => {
    const approval = call && (await recordOf(own, call)).approval
    await cancelApproval(options, approval, leftBehindReason)
  }
  for (const interruption of interruptionsOf(state)) {
    await cancel(interruption.call)
    await settle(state as never, interruption, own, leftBehindText)
  }
  // A run that was aborted, or ended by an error, suspends nothing: what waited in it could not be resumed any more.
  for (const call of lastCallsOf(state, serialized)) await cancel(call)
  rejectOthers(state as never)
  return state
}
