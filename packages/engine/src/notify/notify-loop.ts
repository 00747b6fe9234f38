import type { Delivery, Notifier } from './notifier.ts'

export type NotifyLoop = {
  /** Begins to look every `everyMs`. Its timer does not hold the process. */
  start(everyMs: number): void
  /** Something was put into an outbox just now. */
  nudge(): void
  /** Delivers what is due, after the delivery that is under way. */
  deliver(): Promise<Delivery>
  /** Begins nothing more, and waits for what is under way: `graceMs`, then its requests are cut off. */
  close(graceMs?: number): Promise<void>
}

/** One delivery at a time in this process, every so often and at once when something happens here. */
export function notifyLoop(notify: Notifier, failed: (error: unknown) => void): NotifyLoop {
  const closing = new AbortController()
  let every: number | undefined
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let looking = false
  let again = false
  let closed = false

  function deliver(): Promise<Delivery> {
    const next = running.then(() => notify(closing.signal))
    running = next.catch(() => {})
    return next
  }

  async function look(): Promise<void> {
    again = true
    if (looking) return
    looking = true
    clearTimeout(timer)
    while (again && !closed) {
      again = false
      await deliver().catch(failed)
    }
    looking = false
    if (!closed) timer = setTimeout(look, every).unref()
  }

  return {
    deliver,
    start(everyMs) {
      every = everyMs
      void look()
    },
    nudge() {
      if (every !== undefined && !closed) void look()
    },
    async close(graceMs = 3000) {
      closed = true
      clearTimeout(timer)
      const grace = setTimeout(() => closing.abort(), graceMs)
      await running
      clearTimeout(grace)
    },
  }
}
