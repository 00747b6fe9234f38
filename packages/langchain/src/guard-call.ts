import { type Execute, isLeluError, type Json, refusal } from '@lelu/engine'
import { LeluLangChainError } from './errors.ts'
import type { GuardedCall, GuardOptions } from './options.ts'
import { toRequest } from './request.ts'
import { suspendedCall } from './suspension.ts'
import { assertFits, jsonSchemaOf } from './tool-input.ts'
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
  /** Already parsed with the tool's schema. */
  input: Json
  /** Runs the tool on exactly this input. */
  run: (input: Json) => Promise<ToolOutput>
}

/** An own copy, so that a tool may change what it is given without reaching what was decided. */
const copyOf = (input: Json): Json => structuredClone(input)

/**
 * Answers that stand: the same call would get them again, so the model is told. Anything else (the store or the
 * log does not answer, another process runs the call) is thrown: the thread stays at the call and can be resumed.
 */
function isFinal(error: unknown): error is Error & { code: string } {
  if (!isLeluError(error)) return false
  const { code } = error
  if (code === 'LELU_APPROVAL_STATE') {
    return (error as { details?: { state?: unknown } }).details?.state === 'completed'
  }
  return [
    ...['LELU_REQUEST_INVALID', 'LELU_INPUT_TOO_LARGE', 'LELU_APPROVAL_CONFLICT'],
    ...['LELU_APPROVAL_FAILED', 'LELU_APPROVAL_UNKNOWN', 'LELU_APPROVAL_ALTERED'],
    'LELU_APPROVAL_EXPIRED',
  ].includes(code)
}

/** An answer that this version does not know is not a permission. */
function unknownAnswer(tool: string): LeluLangChainError {
  return new LeluLangChainError(
    'LELU_CALL_INVALID',
    `The engine answered the call of ${tool} with a status that is not known here. The tool was not run.`,
    { help: 'Install the same version of @lelu/engine and @lelu/langchain.' },
  )
}

/**
 * One tool call through the engine: decided, then run, refused or suspended. A suspended call interrupts the graph,
 * and does so again after every waking until the approval is no longer pending.
 */
export async function guardCall(given: CallToGuard): Promise<CallResult> {
  const { options, call, turn, tool, input, run } = given
  const { toolCall } = call
  const request = await toRequest(options, call, { input, schema: jsonSchemaOf(tool) })
  call.signal?.throwIfAborted()

  let live: ToolOutput | undefined
  let failure: { error: unknown } | undefined
  const execute: Execute<Json> = async ({ input: stored }, { approval }) => {
    try {
      if (approval === null) {
        // Nothing is claimed yet: when a sibling suspends the step, this call is decided again after the resume.
        await turn.hold()
        call.signal?.throwIfAborted()
      }
      const edited = approval !== null && approval.edits.length > 0
      if (edited) await assertFits(tool, stored)
      const output = await run(copyOf(stored))
      live = edited ? withEditNote(output, stored) : output
      return keepOutput(live)
    } catch (error) {
      failure = { error }
      throw error
    }
  }

  for (;;) {
    try {
      const outcome = await options.lelu.guard(request, execute)
      if (outcome.status === 'executed') {
        return { status: 'answered', output: live ?? rebuildOutput(outcome.value, toolCall) }
      }
      if (outcome.status === 'denied') {
        return { status: 'refused', output: refusalMessage(refusal(outcome), toolCall) }
      }
      if (outcome.status !== 'suspended') throw unknownAnswer(toolCall.name)
      // The value it is answered with is not looked at: whoever holds the thread could forge it.
      await turn.ask(suspendedCall(outcome.approval))
    } catch (error) {
      if (failure !== undefined) return { status: 'threw', error: failure.error }
      if (!isFinal(error)) throw error
      const text = `${error.message} Do not retry the same call.`
      return { status: 'refused', output: refusalMessage(text, toolCall) }
    }
  }
}
