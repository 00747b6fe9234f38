/**
 * When the time of an operation is over: at a moment of `performance.now()`, and not before this process has looked so
 * often at what was answered.
 */
export type Due = { at: number; look: number }

/** Milliseconds between two looks. */
const lookMs = 25
/**
 * A busy process takes one step of an operation a turn of its event loop, however fast the disk is, and its timers come
 * first. So a time that is over has had a turn at least for each so many of its milliseconds. Where looks come in time
 * there are twice as many: then the clock alone counts.
 */
const turnMs = 50

type Wait = { due: Due; late: () => void }

const waits = new Set<Wait>()
let looks = 0
let timer: NodeJS.Timeout | undefined

/** After so many milliseconds, from now. */
export function dueIn(ms: number): Due {
  return { at: performance.now() + ms, look: looks + Math.ceil(ms / turnMs) }
}

function look(): void {
  looks += 1
  const now = performance.now()
  for (const wait of waits) {
    if (wait.due.at > now || wait.due.look > looks) continue
    waits.delete(wait)
    // A turn later: what was answered before this timer ran is seen first.
    setImmediate(wait.late)
  }
  timer = waits.size > 0 ? setTimeout(look, lookMs) : undefined
}

/** The result of `operation`, or an error at `due`. The operation itself goes on: nothing can take a write back. */
export function before<T>(due: Due, operation: Promise<T>, late: () => Error): Promise<T> {
  const over = Promise.withResolvers<never>()
  const wait = { due, late: () => over.reject(late()) }
  waits.add(wait)
  timer ??= setTimeout(look, lookMs)
  return Promise.race([operation, over.promise]).finally(() => {
    waits.delete(wait)
    if (waits.size > 0) return
    clearTimeout(timer)
    timer = undefined
  })
}

/** What `before` says of who has not answered. */
export function late(ms: number, who = 'the disk'): () => Error {
  return () => new Error(`${who} did not answer within ${ms} ms`)
}

/** The result of `operation`, or an error after so many milliseconds. */
export function within<T>(ms: number, operation: T, who?: string): Promise<Awaited<T>> {
  return before(dueIn(ms), Promise.resolve(operation), late(ms, who))
}
