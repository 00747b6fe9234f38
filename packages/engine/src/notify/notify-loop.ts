import type { Delivery, Look, Notifier } from './notifier.ts'
import type { Sent } from './send-record.ts'

export type NotifyLoop = {
  /** Begins to look every `everyMs`. Its timer does not hold the process. */
  start(everyMs: number): void
  /** Something was put into an outbox just now. */
  nudge(): void
  /** Delivers what is due, and answers when that and all that was on its way has ended. */
  deliver(): Promise<Delivery>
  /** Begins nothing more, and waits for what is under way: `graceMs`, then its requests are cut off. */
  close(graceMs?: number): Promise<void>
}

/**
 * One look at a time in this process, every so often and at once when something happens here. None waits for the
 * requests that an earlier one has begun: a target that does not answer holds up nobody but itself.
 */
export function notifyLoop(notify: Notifier, failed: (error: unknown) => void): NotifyLoop {
  const closing = new AbortController()
  /** Requests on their way, and deliveries that somebody waits for. */
  const sending = new Set<Promise<unknown>>()
  const deliveries = new Set<Promise<unknown>>()
  let every: number | undefined
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let looking = false
  let again = false
  let closed = false

  function keep(kept: Set<Promise<unknown>>, work: Promise<unknown>): void {
    kept.add(work)
    const ended = () => void kept.delete(work)
    work.then(ended, ended)
  }

  function lookOnce(began: (one: Promise<Sent>) => void = () => {}): Promise<Look> {
    const next = running.then(() =>
      notify(closing.signal, (one) => {
        keep(sending, one)
        began(one)
      }),
    )
    running = next.catch(() => {})
    return next
  }

  async function deliverAll(): Promise<Delivery> {
    const total: Delivery = { sent: 0, failed: 0, undelivered: 0, altered: [] }
    const altered = new Set<string>()
    const begun: Promise<Sent>[] = []
    for (;;) {
      const look = await lookOnce((one) => begun.push(one))
      for (const id of look.altered) altered.add(id)
      if (look.room === undefined) break
      await look.room
    }
    await Promise.all(sending)
    for (const { sent, failed, undelivered } of await Promise.all(begun)) {
      total.sent += sent
      total.failed += failed
      total.undelivered += undelivered
    }
    return { ...total, altered: [...altered] }
  }

  async function look(): Promise<void> {
    again = true
    if (looking) return
    looking = true
    clearTimeout(timer)
    while (again && !closed) {
      again = false
      const { room } = await lookOnce().catch((error: unknown): Partial<Look> => {
        failed(error)
        return {}
      })
      void room?.then(nudge)
    }
    looking = false
    if (!closed) timer = setTimeout(look, every).unref()
  }

  function nudge(): void {
    if (every !== undefined && !closed) void look()
  }

  return {
    nudge,
    deliver() {
      const delivery = deliverAll()
      keep(deliveries, delivery)
      return delivery
    },
    start(everyMs) {
      every = everyMs
      void look()
    },
    async close(graceMs = 3000) {
      closed = true
      clearTimeout(timer)
      const grace = setTimeout(() => closing.abort(), graceMs)
      await running
      await Promise.allSettled(deliveries)
      await Promise.all(sending)
      clearTimeout(grace)
    },
  }
}
