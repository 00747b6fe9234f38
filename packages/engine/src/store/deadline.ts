import { LeluError } from '../errors.ts'

/** Later than this a timer tells of a process that stood still, and says nothing about the store. */
const standstillMs = 50

/**
 * Calls back after so many milliseconds, of which the store had at least the last turn of the event loop. A process
 * that computes for seconds runs its timers first, before it looks at what has long been answered; so after a
 * standstill there is some time more, once: enough for what was answered, not for a store that is away.
 */
function afterMs(ms: number, late: () => void): { clear(): void } {
  let timer: NodeJS.Timeout
  let again = true
  const wait = (ms: number) => {
    const due = performance.now() + ms
    timer = setTimeout(() => {
      const stoodStill = performance.now() - due > standstillMs
      if (!stoodStill || !again) return void setImmediate(late)
      again = false
      wait(Math.min(ms, Math.max(ms / 8, 100)))
    }, ms)
  }
  wait(ms)
  return { clear: () => clearTimeout(timer) }
}

/** So that a caller hears the no within 2 s: after a standstill there is an eighth more, and the answer has its way back. */
export const defaultStoreDeadlineMs = 1700

/** A store that does not answer in time means no, never a hang. */
export function withDeadline<T>(operation: Promise<T>, ms: number, doing: string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = afterMs(ms, () =>
    late.reject(
      new LeluError(
        'LELU_STORE_UNAVAILABLE',
        `The approvals store did not answer within ${ms} ms (${doing}).`,
        {
          help: 'Check that the database is up and reachable, then try again. No tool runs until the store answers.',
        },
      ),
    ),
  )
  return Promise.race([operation, late.promise]).finally(() => timer.clear())
}
