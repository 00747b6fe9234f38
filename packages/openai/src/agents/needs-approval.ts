import { type Approval, holdCall, type Json } from '@lelu/engine/adapter'
import type { RunContext } from '@openai/agents'
import { idOf, isOpen, lastApproval } from './call-name.ts'
import {
  adapterCall,
  type Entry,
  entriesOf,
  type Guard,
  namelessCall,
  type WrittenCall,
  writtenCall,
} from './guard.ts'
import { type AgentGuardOptions, type GuardedCall, placeOf } from './options.ts'
import { type ParsedInput, parseInput } from './parse-input.ts'
import type { KeptOutput } from './tool-output.ts'

/**
 * Mode `wait`: the call waits here, where nothing is claimed yet. The SDK tells nobody here that its run is aborted, so
 * an abort is seen when the waiting ends; then the SDK runs nothing more.
 */
async function waitFor(approval: Approval, options: AgentGuardOptions): Promise<boolean> {
  const { lelu, mode, waitMs = 55_000 } = options
  let { state } = approval
  const until = performance.now() + waitMs
  while (mode === 'wait' && state === 'pending') {
    const timeoutMs = until - performance.now()
    if (timeoutMs <= 0) break
    state = (await lelu.approvals.wait(approval.id, { timeoutMs })).state
  }
  return state === 'pending'
}

async function decide(guard: Guard, call: WrittenCall, parsed: ParsedInput): Promise<Entry> {
  const { options } = guard
  const place = await placeOf(options, call.view)
  const last = await lastApproval(options, place, call.name)
  const id = idOf(call.name, isOpen(last) ? last.count - 1 : last.count)
  let { approval } = last
  if (!isOpen(last)) {
    const asked = adapterCall(guard, call, parsed, { ...place, id })
    const suspending: AgentGuardOptions = { ...options, mode: 'suspend' }
    const first = await holdCall<KeptOutput, GuardedCall>(suspending, asked)
    if ('held' in first) return { status: 'allowed', held: first.held }
    const { result } = first
    if (result.status === 'refused') return { status: 'refused', text: result.text }
    if (result.status === 'suspended') approval = result.approval
  }
  const waits = approval?.state === 'pending' && (await waitFor(approval, options))
  return { status: waits ? 'suspended' : 'decided', id }
}

/**
 * Whether the SDK must suspend the call. The answer only saves a refusal: what runs is decided where the tool is run,
 * so an answer that somebody overrules opens nothing. An engine that cannot decide throws, and the run ends.
 */
export async function needsApproval(
  guard: Guard,
  runContext: RunContext<unknown>,
  input: unknown,
  { callId, namespace }: { callId: string | undefined; namespace: string | undefined },
): Promise<boolean> {
  const { tool, options } = guard
  if (!callId) throw namelessCall()
  const call = writtenCall(guard, runContext, { callId, namespace }, input as Json)
  const parsed = await parseInput(tool, call.text)
  const kept = entriesOf(guard, runContext)
  // Arguments that do not fit are answered where the tool is run, with the SDK's own words.
  if (!parsed.valid) return false
  // In mode `tell-model` the model asks again by calling again, so the call never waits in its run.
  if (options.mode !== 'tell-model') {
    const entry = await decide(guard, call, parsed)
    kept.set(call.name, entry)
    if (entry.status === 'suspended') return true
    if (entry.status === 'refused') return false
  }
  if (!(await tool.needsApproval(runContext, parsed.input, callId))) return false
  // The host's own gate holds the call up, perhaps for days: by then the decision may be another.
  const entry = kept.get(call.name)
  if (entry?.status === 'allowed') entry.held.release()
  kept.delete(call.name)
  return true
}
