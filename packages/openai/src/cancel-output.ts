import { type Json, leftBehindReason, repeatedIdText } from '@lelu/engine/adapter'
import { endCall } from './abandoned.ts'
import { cancelWaiting } from './cancel-waiting.ts'
import type { Guard } from './guarded-call.ts'
import { type AnsweredResponse, type OutputCall, outputCalls } from './output-calls.ts'
import { type AnswerItem, type ExecuteOutputOptions, toItem, viewOf } from './responses.ts'
import { toOutput } from './tool-output.ts'
import type { FinalAnswer } from './without-suspending.ts'

/** Answers of the calls of a response that were left behind: append them before the newer message. */
export type CancelOutput = (
  response: AnsweredResponse,
  options?: Pick<ExecuteOutputOptions, 'input' | 'context'>,
) => Promise<AnswerItem[]>

/** Cancels the approvals of a response that the conversation goes on without, and answers its calls. */
export function outputCanceller(guard: Guard): CancelOutput {
  async function end(call: OutputCall, options: ExecuteOutputOptions): Promise<FinalAnswer> {
    const { key, kind, name, namespace } = call
    if (call.repeated) return { status: 'final', content: repeatedIdText }
    const view = viewOf(call, options)
    if (kind === 'mcp') {
      await cancelWaiting(guard, { view, key }, leftBehindReason)
      // The provider has not run it, even where it was decided that it may.
      return { status: 'final', content: '' }
    }
    const tool = namespace === undefined ? guard.toolbox.find(kind, name) : undefined
    const toContent = (value: unknown) => toOutput(value) as Json
    return endCall(guard, { view, key, kind, tool, toContent })
  }

  return async (response, options = {}) => {
    const items: AnswerItem[] = []
    for (const call of outputCalls(response, options.input ?? [])) {
      if (!call.answered) items.push(toItem(call, await end(call, options)))
    }
    return items
  }
}
