import {
  type AdapterCall,
  type CallResult,
  type HeldCall,
  type Json,
  jsonText,
  LeluError,
  recordedId,
  takeField,
} from '@lelu/engine/adapter'
import type { RunContext } from '@openai/agents'
import type { AgentTool } from './agent-tool.ts'
import { nameOf } from './call-name.ts'
import { editSchema } from './edit-schema.ts'
import type { AgentGuardOptions, GuardedCall, Place } from './options.ts'
import type { ParsedInput } from './parse-input.ts'
import type { KeptOutput } from './tool-output.ts'

/** How far a call came when the SDK asked whether it needs approval. Kept until its tool is run. */
export type Entry =
  | { status: 'allowed'; held: HeldCall<KeptOutput> }
  /** A person has decided, so that the engine can end it now. */
  | { status: 'decided'; id: string }
  | { status: 'suspended'; id: string }
  | { status: 'refused'; text: string }

/** One tool and who guards it. */
export type Guard = {
  /** The tool as it was before: its `invoke` is what runs. */
  tool: AgentTool
  /** What was put over the tool's own members. */
  members: Pick<AgentTool, 'invoke'> & Partial<AgentTool>
  options: AgentGuardOptions
  /** By run and by name of the call. In memory only: a process that has none decides where the tool is run. */
  entries: WeakMap<RunContext<unknown>, Map<string, Entry>>
}

const guards = new WeakMap<object, Guard>()

/**
 * Remembers what is inside a guarded tool. Kept here, where neither model nor tool can reach it, and by the function that
 * runs the tool: the copies that `toolNamespace()` and the SDK itself make have it in common.
 */
export function rememberGuard(guard: Guard): void {
  guards.set(guard.members.invoke, guard)
}

/** The guard of a guarded tool; undefined for any other. */
export function guardOf(tool: unknown): Guard | undefined {
  const { invoke } = (tool ?? {}) as Partial<AgentTool>
  return typeof invoke === 'function' ? guards.get(invoke) : undefined
}

/** `LELU_CALL_INVALID`: somebody calls the tool outside a run. */
export function namelessCall(): LeluError {
  return new LeluError('LELU_CALL_INVALID', 'The tool call has no id. The tool was not run.', {
    help: 'Let a Runner of the Agents SDK call the tool.',
  })
}

/** The entries of one run. */
export function entriesOf({ entries }: Guard, runContext: RunContext<unknown>): Map<string, Entry> {
  const kept = entries.get(runContext) ?? new Map<string, Entry>()
  entries.set(runContext, kept)
  return kept
}

export type Ended = CallResult<KeptOutput>

/** A call of the guarded tool, with what the model wrote into the reader's own field taken apart. */
export type WrittenCall = {
  view: GuardedCall
  name: string
  /** What the tool gets to parse. */
  written: Json
  text: string
  reported: unknown
}

/** Takes apart what the model wrote. */
export function writtenCall(
  { tool, options }: Guard,
  runContext: RunContext<unknown>,
  { callId, namespace }: { callId: string; namespace?: string | undefined },
  input: Json,
): WrittenCall {
  const view: GuardedCall = {
    tool: tool.name,
    ...(namespace !== undefined && { namespace }),
    callId,
    input,
    context: runContext.context,
    runContext,
  }
  const { input: written, reported } = takeField(input, options.confidence?.added)
  return { view, name: nameOf(view), written, text: jsonText(written), reported }
}

/** The call as the engine is asked about it. */
export function adapterCall(
  { tool }: Guard,
  { view, written, reported }: WrittenCall,
  { input, server }: ParsedInput,
  place: Place & { id: string },
): AdapterCall<GuardedCall> {
  const schema = editSchema(tool, input)
  // No namespace of the SDK has a slash in it.
  const from = [view.namespace, server].filter((name) => name !== undefined).join('/')
  return {
    context: view,
    id: place.id,
    run: place.run,
    tool: tool.name,
    // What a policy, a reviewer and the digest of the call tell one tool of this name from another by.
    ...(from !== '' && { server: recordedId(from) }),
    input,
    ...(schema !== undefined && { schema }),
    evidence: () => ({
      // The SDK hands arguments over parsed, so the text is theirs and not the model's own spelling.
      call: { id: view.callId, tool: tool.name, input: written, text: jsonText(view.input) },
      ...(reported !== undefined && { reported }),
    }),
  }
}
