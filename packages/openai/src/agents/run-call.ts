import {
  type Approval,
  cancelApproval,
  editedInput,
  editMisfit,
  guardCall,
  invalidInputText,
  isSameInput,
  type Json,
  jsonText,
  LeluError,
  notResumableText,
  pendingText,
  type RunTool,
  repeatedIdText,
} from '@lelu/engine/adapter'
import type { FunctionCallItem, RunContext } from '@openai/agents'
import type { ToolDetails } from './agent-tool.ts'
import { idOf, isOpen, lastApproval, readJson } from './call-name.ts'
import {
  adapterCall,
  type Ended,
  entriesOf,
  type Guard,
  namelessCall,
  type WrittenCall,
  writtenCall,
} from './guard.ts'
import { namespaceOfCall, qualifiedName } from './namespace.ts'
import { placeOf } from './options.ts'
import { type ParsedInput, parseInput } from './parse-input.ts'
import { refusedBySchema, runExactly } from './run-exactly.ts'
import {
  isErrorText,
  isOfAnotherCall,
  itemOf,
  type KeptOutput,
  keepOutput,
  withEditNote,
} from './tool-output.ts'

/** A call whose tool is about to be run. */
type Running = {
  guard: Guard
  call: WrittenCall
  runContext: RunContext<unknown>
  toolCall: FunctionCallItem
  details: ToolDetails
}

/**
 * What the state of the run says: that exactly this call is approved, which claims that it was suspended before, or
 * that every call of the tool is. Neither opens anything.
 */
function approvalInState({ guard, runContext, toolCall }: Running): 'call' | 'tool' | undefined {
  const { callId } = toolCall
  const { approvals = {} } = runContext.toJSON() as {
    approvals?: Record<string, { approved?: unknown }>
  }
  const lists = Object.values(approvals).map(({ approved }) => approved)
  if (lists.some((list) => Array.isArray(list) && list.includes(callId))) return 'call'
  const toolName = qualifiedName(guard.tool.name, namespaceOfCall(toolCall))
  return runContext.isToolApproved({ toolName, callId }) ? 'tool' : undefined
}

/** Undefined when the tool's own schema takes an edited input as it stands: JSON Schema says less than it. */
async function misfit({ tool }: Guard, input: Json): Promise<LeluError | undefined> {
  const parsed = await parseInput(tool, jsonText(input))
  if (parsed.valid && isSameInput(parsed.input, input)) return undefined
  return editMisfit()
}

/** The tool's own run. `errorText` is what the model reads of an error in it, which does not end the run. */
function toolOf({ guard, call, runContext, toolCall, details }: Running): {
  run: RunTool<KeptOutput>
  failure: { errorText?: string }
} {
  const failure: { errorText?: string } = {}
  const run: RunTool<KeptOutput> = async (stored, { approval }) => {
    const edited = editedInput(approval)
    const refused = edited === undefined ? undefined : await misfit(guard, stored)
    if (refused !== undefined) {
      failure.errorText = refused.message
      throw refused
    }
    const text = edited === undefined ? call.text : jsonText(stored)
    const output = await runExactly(guard.tool, { runContext, text, details }, stored)
    if (isErrorText(output)) {
      failure.errorText = output
      throw new Error(output)
    }
    const told = edited === undefined ? output : withEditNote(output, edited)
    return keepOutput(told, { runContext, item: itemOf(toolCall) })
  }
  return { run, failure }
}

/** Decides a call that no decision is held for, and runs its tool. `known` names it, when it is on record already. */
async function decideAndRun(
  running: Running,
  parsed: ParsedInput,
  run: RunTool<KeptOutput>,
  known: string | undefined,
): Promise<Ended> {
  const { guard, call, details } = running
  const { options } = guard
  const place = await placeOf(options, call.view)
  const asked = (id: string, resumed: boolean) => ({
    ...adapterCall(guard, call, parsed, { ...place, id }),
    resumed,
    ...(details.signal && { signal: details.signal }),
  })
  // Here the same input is the same call, whatever its id.
  if (options.mode === 'tell-model') return guardCall(options, asked(call.name, false), run)
  const said = approvalInState(running)
  const last = await lastApproval(options, place, call.name)
  const ended = last.approval?.state
  const goesOn =
    said === 'call' ||
    isOpen(last) ||
    (said === 'tool' && ended !== undefined && ended !== 'completed')
  const id = known ?? idOf(call.name, goesOn ? Math.max(last.count - 1, 0) : last.count)
  // A gate of the host's own suspends calls that have no record here: those are decided like any other.
  const claimed = said === 'call' && last.count > 0
  const result = await guardCall(options, asked(id, claimed), run)
  if (result.status !== 'suspended') return result
  const { approval } = result
  const text =
    claimed || isOpen(last)
      ? // Somebody woke a call that truly waits: its approval is not theirs to end.
        pendingText(approval, 'closed')
      : await refuseSuspension(guard, approval)
  return { status: 'refused', text, code: 'LELU_CALL_INVALID' }
}

/** The SDK takes up only what it suspended itself. A call that nothing could resume is not left for a reviewer to approve. */
async function refuseSuspension({ tool, options }: Guard, approval: Approval): Promise<string> {
  await cancelApproval(options, approval, 'nothing could resume it')
  return notResumableText(tool.name)
}

function outputOf({ guard, runContext, toolCall, details }: Running, result: Ended): unknown {
  switch (result.status) {
    case 'executed': {
      const { value, replayed } = result
      if (!replayed || guard.options.mode === 'tell-model') return value.output
      if (details.resumeState !== undefined) throw innerRunLost(guard.tool.name)
      const another = isOfAnotherCall(value, { runContext, item: itemOf(toolCall) })
      return another ? repeatedIdText : value.output
    }
    case 'threw':
      throw result.error
    default:
      return result.text
  }
}

function innerRunLost(tool: string): LeluError {
  return new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `The agent behind the tool ${tool} was suspended inside an approved call. It cannot go on.`,
    { help: 'Let the policy allow the agent tool, and guard the tools of the agent inside it.' },
  )
}

/** Runs a call of a guarded tool: the one place where its code is reached, and where it is decided for good. */
export async function runCall(
  guard: Guard,
  runContext: RunContext<unknown>,
  text: string,
  details: ToolDetails | undefined,
): Promise<unknown> {
  const toolCall = details?.toolCall
  if (details === undefined || !toolCall?.callId) throw namelessCall()
  const input = readJson(text)
  if (input === undefined) return invalidInputText(guard.tool.name)
  const { callId } = toolCall
  const namespace = namespaceOfCall(toolCall)
  const call = writtenCall(guard, runContext, { callId, namespace }, input)
  const running: Running = { guard, call, runContext, toolCall, details }
  const entries = entriesOf(guard, runContext)
  const entry = entries.get(call.name)
  entries.delete(call.name)
  if (entry?.status === 'refused') return entry.text
  const { run, failure } = toolOf(running)
  let result = entry?.status === 'allowed' ? await entry.held.start(run, details.signal) : undefined
  if (result === undefined) {
    const parsed = await parseInput(guard.tool, call.text)
    if (!parsed.valid) return refusedArguments(running)
    const known = entry?.status === 'allowed' ? undefined : entry?.id
    result = await decideAndRun(running, parsed, run, known)
  }
  if (result.status === 'threw' && failure.errorText !== undefined) return failure.errorText
  return outputOf(running, result)
}

/** The SDK's own words for arguments that do not fit; nothing can run. */
async function refusedArguments({ guard, call, runContext, details }: Running): Promise<unknown> {
  const { text } = call
  const refused = await refusedBySchema(guard.tool, { runContext, text, details })
  return refused === undefined ? invalidInputText(guard.tool.name) : refused.output
}
