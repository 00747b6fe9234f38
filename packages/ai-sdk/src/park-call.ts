import {
  type AdapterCall,
  type CallResult,
  type GuardOptions,
  guardCall,
  type Json,
  LeluError,
  type RunTool,
} from '@lelu/engine/adapter'

/** A call that is allowed and waits for the SDK to execute it. */
export type ParkedCall = {
  /** The input that was decided on. */
  input: Json
  /** Runs the tool, once. */
  start(run: RunTool<unknown>): Promise<CallResult<unknown>>
  /** Ends the call without running it. Does nothing once it was started. */
  release(): void
}

/** Longer than any SDK takes between its decision and the execution, but for tools that queue. */
const parkMs = 60_000

function notExecuted(tool: string): LeluError {
  return new LeluError(
    'LELU_CALL_INVALID',
    `The SDK did not execute the call of ${tool}. The tool was not run.`,
    { help: 'Nothing is to be done: the step was aborted, or ended without its tools.' },
  )
}

/**
 * Decides a call now and leaves the run for later, so that the log shows one decision and its outcome: the SDK asks
 * whether a call may run, and executes it afterwards, or never. Answers how the call ended where it does not run.
 */
export async function parkCall<Call>(
  options: GuardOptions<Call>,
  call: AdapterCall<Call>,
): Promise<{ parked: ParkedCall } | { result: CallResult<unknown> }> {
  const { signal } = call
  const gate = Promise.withResolvers<RunTool<unknown>>()
  const reached = Promise.withResolvers<Json>()
  const ending = guardCall<unknown, Call>(options, call, async (input, run) => {
    reached.resolve(input)
    const runTool = await gate.promise
    return runTool(input, run)
  })
  const first = await Promise.race([
    reached.promise.then((input) => ({ input })),
    ending.then((result) => ({ result })),
  ])
  if ('result' in first) return first

  const release = () => {
    leave()
    gate.reject(notExecuted(call.tool))
    ending.catch(() => {}) // the log did not take the outcome: it refuses every further decision by itself
  }
  const timer = setTimeout(release, parkMs)
  timer.unref()
  const leave = () => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', release)
  }
  signal?.addEventListener('abort', release)
  if (signal?.aborted) release()
  return {
    parked: {
      input: first.input,
      release,
      start(run) {
        leave()
        gate.resolve(run)
        return ending
      },
    },
  }
}
