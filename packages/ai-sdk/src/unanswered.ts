import { LeluError } from '@lelu/engine/adapter'

const reason: unique symbol = Symbol('why the call has no answer')

type Unanswered = { leluUnanswered: true; [reason]?: unknown }

/**
 * Stands for the output of a resumed call that could not be carried out now. The SDK would keep an error of `execute`
 * as the answer of the call, and close it for good; one of `toModelOutput` ends the run, and the history stays open.
 */
export function unanswered(error: unknown): object {
  // Not enumerable: a stream shows the output to a browser, which has no business with the error.
  return Object.defineProperty({ leluUnanswered: true }, reason, { value: error })
}

/** Also of a copy that went through a browser: it says that nothing was answered, and grants nothing. */
export function isUnanswered(output: unknown): output is Unanswered {
  if (typeof output !== 'object' || output === null) return false
  return Object.keys(output).join() === 'leluUnanswered' && (output as Unanswered).leluUnanswered
}

/** The result of a tool that did run. One that looks like our mark (a page that somebody else wrote) is no mark. */
export function answered(result: unknown): unknown {
  return isUnanswered(result) ? { result } : result
}

/** Throws why the call has no answer, where its output would be told to the model. */
export function assertAnswered(output: unknown): void {
  if (!isUnanswered(output)) return
  throw (
    output[reason] ??
    new LeluError('LELU_CALL_INVALID', 'A call of this chat has no answer yet.', {
      help: 'Pass the messages to guard.cancelAbandoned before you convert them: it opens the call again.',
    })
  )
}
