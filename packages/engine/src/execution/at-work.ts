import { setTimeout } from 'node:timers/promises'

/** The calls that an engine has begun and not ended. */
export type AtWork = {
  /** Aborted when the engine begins to close. */
  closing: AbortSignal
  track<T>(call: Promise<T>): Promise<T>
  /** Begins to close, and waits until no call is at work, `withinMs` at most. */
  end(withinMs: number): Promise<void>
}

/** Closing waits for the tools at work: what became of them could not be recorded any more, and a person would have to find out. */
export function atWork(): AtWork {
  const calls = new Set<Promise<unknown>>()
  const closing = new AbortController()
  return {
    closing: closing.signal,
    track(call) {
      const forget = () => calls.delete(call)
      calls.add(call)
      call.then(forget, forget)
      return call
    },
    async end(withinMs) {
      closing.abort()
      const timer = new AbortController()
      const late = setTimeout(withinMs, undefined, { signal: timer.signal }).catch(() => {})
      await Promise.race([Promise.allSettled(calls), late])
      timer.abort()
    },
  }
}
