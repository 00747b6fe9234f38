import { isGraphBubbleUp } from '@langchain/langgraph'
import {
  cancelApproval,
  cutOffText,
  editedInput,
  findCall,
  guardCall as guard,
  isLeluError,
  type Json,
  LeluError,
  type NamedCall,
  notRun,
  repeatedIdText,
} from '@lelu/engine/adapter'
import { noteAnswered } from './answered.ts'
import { wentOn } from './body.ts'
import { type AnsweredSignals, evidenceOf } from './confidence.ts'
import { type CutOffMarks, isCutOff } from './cut-off.ts'
import { isOutage } from './engine-error.ts'
import type { GuardedCall, GuardOptions } from './options.ts'
import { callId, canSuspend, isRepeated, runOf } from './place.ts'
import { forgetWaking, takeWaking, useUpResumes } from './resume-values.ts'
import { suspendedCall } from './suspension.ts'
import { assertFits, isSteady, recordedSchemaOf } from './tool-input.ts'
import {
  keepOutput,
  rebuildOutput,
  refusalMessage,
  type ToolOutput,
  withEditNote,
} from './tool-output.ts'
import type { Turn } from './turn.ts'

/** `threw`: the tool ran and failed with its own error. Errors of the engine and graph control flow are thrown. */
export type CallResult =
  | { status: 'answered'; output: ToolOutput }
  | { status: 'refused'; output: ToolOutput }
  | { status: 'threw'; error: unknown }

export type CallToGuard = {
  options: GuardOptions
  call: GuardedCall
  turn: Turn
  /** The tool, for its schema; undefined when it is not known here. */
  tool: unknown
  /** What the model wrote, where that is known. */
  args?: unknown
  /** The same, parsed with the tool's schema. */
  input: Json
  /** What was read when the model answered. */
  signals?: AnsweredSignals
  /** The calls that were cut off then. */
  marks?: CutOffMarks
  /** What the reader's own field held, where the tool itself shows it. */
  reported?: unknown
  /** Runs the tool on exactly this input. `isApproved`: on an approval, which is used up by now. */
  run: (input: Json, isApproved: boolean) => Promise<ToolOutput>
}

/**
 * One tool call through the engine: decided, then run, refused or suspended. A suspended call interrupts the graph,
 * and does so again after every waking until the approval is no longer pending.
 */
export async function guardCall(given: CallToGuard): Promise<CallResult> {
  const { options, call, turn, tool, args, input, signals, marks, reported, run } = given
  const { toolCall, nested, message, signal } = call
  if (isRepeated(call)) {
    return { status: 'refused', output: refusalMessage(repeatedIdText, toolCall) }
  }
  if (isCutOff(call, marks)) {
    return { status: 'refused', output: refusalMessage(cutOffText(toolCall.name), toolCall) }
  }
  const schema = recordedSchemaOf(tool)
  const answered = signals?.of(call)
  const asked = {
    context: call,
    id: callId(call),
    run: await runOf(options, call),
    tool: toolCall.name,
    input,
    ...(schema !== undefined && { schema }),
    ...(answered?.signal !== undefined && { confidence: answered.signal }),
    ...(answered === undefined && {
      evidence: () => ({
        // No message asked for a call that a tool makes: its text and its model are those of the call around it.
        ...evidenceOf(nested === undefined ? message : undefined, toolCall),
        ...(reported !== undefined && { reported }),
        ...(signal !== undefined && { signal }),
      }),
    }),
    ...(signal !== undefined && { signal }),
  }

  // In mode `wait` a call may be on record that nobody had to wake.
  const mayHaveWaited = options.mode === undefined || options.mode === 'suspend'
  let woken = mayHaveWaited && (await takeWaking(() => isOnRecord(options, asked)))
  for (;;) {
    let live: ToolOutput | undefined
    let ended: { error: unknown } | undefined
    const result = await guard(options, asked, async (stored, { approval }) => {
      if (approval === null) {
        // Nothing is claimed yet: when a sibling suspends the step, this call is decided again after the resume.
        try {
          await turn.hold()
          signal?.throwIfAborted()
        } catch (error) {
          ended = { error }
          throw stepEnded(toolCall.name)
        }
      } else {
        turn.work()
        useUpResumes()
      }
      const edited = editedInput(approval)
      if (edited !== undefined) await assertFits(tool, stored)
      const output = await run(stored, approval !== null)
      live = edited === undefined ? output : withEditNote(output, edited)
      return keepOutput(live)
    }).catch(async (error: unknown) => {
      if (signal?.aborted === true) await cancelAborted(options, asked)
      throw error
    })
    if (ended !== undefined) throw ended.error
    switch (result.status) {
      case 'executed':
        noteAnswered(options.lelu, asked)
        await cancelCaught(options, turn.endBody())
        return { status: 'answered', output: live ?? rebuildOutput(result.value, toolCall) }
      case 'refused':
        return { status: 'refused', output: refusalMessage(result.text, toolCall) }
      case 'threw': {
        const error = turn.outageBehind(result.error) ?? result.error
        const outage = isOutage(error) && signal?.aborted !== true
        // The node ends with it, and must not leave an approved call behind that is at work.
        if (outage) await turn.endStep(error)
        const stays = isGraphBubbleUp(error) || outage || signal?.aborted === true
        if (!stays) await cancelCaught(options, turn.endBody())
        return { status: 'threw', error }
      }
      case 'suspended': {
        if (args !== undefined && !(await isSteady(tool, args, input))) {
          await cancelApproval(options, result.approval, 'the call could not be known again')
          throw unsteady(toolCall.name)
        }
        if (options.mode === 'tell-model') {
          return { status: 'refused', output: refusalMessage(result.text, toolCall) }
        }
        const lost = canSuspend(call) ? turn.lost() : 'nobody decided in time'
        if (lost !== undefined) {
          // Nothing could take it up later. Asked again, it is refused, or was decided just before.
          await cancelApproval(options, result.approval, lost)
          continue
        }
        // The value it is answered with is not looked at: whoever holds the thread could forge it.
        if (woken) forgetWaking()
        await turn.ask(suspendedCall(result.approval, toolCall.id))
        woken = true
      }
    }
  }
}

/** Whether the call was suspended once. An engine that cannot say so is asked again, and heard, when it decides. */
async function isOnRecord(options: GuardOptions, call: NamedCall<GuardedCall>): Promise<boolean> {
  try {
    return (await findCall(options, call)) !== undefined
  } catch (error) {
    return isLeluError(error) && error.code === 'LELU_APPROVAL_ALTERED'
  }
}

/**
 * Cancels what waited in an aborted run, where no thread could take it up again: a person who approves it would believe
 * that it runs. Where that fails it expires by itself, and the abort is what is told.
 */
async function cancelAborted(options: GuardOptions, call: NamedCall<GuardedCall>): Promise<void> {
  if (options.mode !== 'wait' || canSuspend(call.context)) return
  await findCall(options, call)
    .then((approval) => cancelApproval(options, approval, 'the run was aborted'))
    .catch(() => {})
}

/** A body that took the interrupt of a call for an error went on without it, or failed: nothing takes it up again. */
async function cancelCaught({ lelu }: GuardOptions, approvalIds: readonly string[]): Promise<void> {
  for (const id of approvalIds) {
    await lelu.approvals
      .get(id)
      .then((approval) => cancelApproval({ lelu }, approval, wentOn))
      .catch(() => {})
  }
}

function unsteady(tool: string): LeluError {
  return new LeluError(
    'LELU_TOOL_UNSUPPORTED',
    `The schema of the tool ${tool} makes something else of the same arguments each time, so that a call which waits could not be known again. It was not run.`,
    { help: 'Make such values (a random id, the time) in the tool, and not in its schema.' },
  )
}

function stepEnded(tool: string): LeluError {
  return notRun(
    new LeluError(
      'LELU_CALL_INVALID',
      `The step of the call of ${tool} ended before its turn. The tool was not run.`,
      { help: 'Nothing is to be done: the call is decided again when the run goes on.' },
    ),
  )
}
