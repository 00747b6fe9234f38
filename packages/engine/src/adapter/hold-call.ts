import { AsyncResource } from 'node:async_hooks'
import { LeluError } from '../errors.ts'
import { notRun } from '../execution/not-run.ts'
import type { Json } from '../types.ts'
import { type CallResult, guardCall, type RunTool } from './guard-call.ts'
import type { GuardOptions } from './options.ts'
import type { AdapterCall } from './request.ts'

/** A call that the policy allows, and that waits for its framework to execute it. */
export type HeldCall<T> = {
  /** The input that was decided on. */
  input: Json
  /**
   * Runs the tool once its decision is on disk. Undefined when the call was released: decide it again. `signal`: of the
   * execution, where it is another than the one the call was asked about with.
   */
  start(tool: RunTool<T>, signal?: AbortSignal): Promise<CallResult<T>> | undefined
  /** Ends the call without running it, as closing the engine does. Does nothing once it was started. */
  release(): void
}

/** Longer than a framework takes from its question to the execution, but for tools that queue. */
const holdMs = 60_000

function notExecuted(tool: string): LeluError {
  return notRun(
    new LeluError(
      'LELU_CALL_INVALID',
      `The framework did not execute the call of ${tool}. The tool was not run.`,
      { help: 'Nothing is to be done: the step was aborted, or ended without its tools.' },
    ),
  )
}

/**
 * Decides a call now and leaves the run for later, so that the log shows one decision and its outcome: frameworks ask
 * whether a call may run, and execute it afterwards, or never. They ask for one call after the other, so a held call
 * is answered before its record is on disk; `start` waits for that. Answers how the call ended where it does not run.
 */
export async function holdCall<T, Call>(
  options: GuardOptions<Call>,
  call: AdapterCall<Call>,
): Promise<{ held: HeldCall<T> } | { result: CallResult<T> }> {
  const ends = [call.signal, options.lelu.closing].filter((end) => end !== undefined)
  const gate = Promise.withResolvers<RunTool<T>>()
  const allowed = Promise.withResolvers<{ input: Json }>()
  let executing: AbortSignal | undefined
  const ending = guardCall<T, Call>(
    options,
    call,
    async (input, run) => {
      allowed.resolve({ input }) // an engine without the hook tells it here
      const tool = await gate.promise
      return tool(input, run)
    },
    { allowed: (input) => allowed.resolve({ input }), signal: () => executing },
  )
  const first = await Promise.race([allowed.promise, ending.then((result) => ({ result }))])
  if ('result' in first) return first
  ending.catch(() => {}) // told to whoever starts it
  gate.promise.catch(() => {}) // released before anybody waits

  let state: 'held' | 'started' | 'released' = 'held'
  const leave = (next: 'started' | 'released') => {
    state = next
    clearTimeout(timer)
    for (const end of ends) end.removeEventListener('abort', release)
  }
  function release(): void {
    if (state !== 'held') return
    leave('released')
    gate.reject(notExecuted(call.tool))
  }
  const timer = setTimeout(release, holdMs)
  timer.unref()
  for (const end of ends) end.addEventListener('abort', release)
  if (ends.some(({ aborted }) => aborted)) release()
  return {
    held: {
      input: first.input,
      release,
      start(tool, signal) {
        if (state !== 'held') return undefined
        leave('started')
        executing = signal
        // Decided in the async context of the question; that of the execution has the framework's span and the app's request.
        gate.resolve(AsyncResource.bind(tool))
        return ending
      },
    },
  }
}
