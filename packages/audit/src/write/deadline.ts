/** Later than this a timer tells of a process that stood still, and says nothing about the disk. */
const standstillMs = 50

/**
 * Calls back after so many milliseconds, of which the disk had at least the last turn of the event loop. A process
 * that computes for seconds runs its timers first, before it looks at what has long been answered; so after a
 * standstill the time begins again, once.
 */
function afterMs(ms: number, late: () => void): { clear(): void } {
  let timer: NodeJS.Timeout
  let again = true
  const wait = () => {
    const due = performance.now() + ms
    timer = setTimeout(() => {
      const stoodStill = performance.now() - due > standstillMs
      if (!stoodStill || !again) return void setImmediate(late)
      again = false
      wait()
    }, ms)
  }
  wait()
  return { clear: () => clearTimeout(timer) }
}

/** The result of `operation`, or an error at `due`. The operation itself goes on: nothing can take a write back. */
export function before<T>(
  due: number,
  deadlineMs: number,
  operation: Promise<T>,
  who = 'the disk',
): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = afterMs(Math.max(0, due - performance.now()), () =>
    late.reject(new Error(`${who} did not answer within ${deadlineMs} ms`)),
  )
  return Promise.race([operation, late.promise]).finally(() => timer.clear())
}
