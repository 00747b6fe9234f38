import type { Delivery, Look, Notifier } from './notifier.ts'
import type { Sent } from './send-record.ts'

/** What one look at the store has begun. */
export type Begun = {
  /** What it came to, when all of it is answered or given up. Never rejected. */
  ended: Promise<Delivery>
  /** Ends when it is worth looking again: there was more than the targets take at once. Absent where there was not. */
  room?: Promise<void>
}

export type NotifyLoop = {
  /** Begins to look every `everyMs`. Its timer does not hold the process. */
  start(everyMs: number): void
  /** Something was put into an outbox just now. */
  nudge(): void
  /** Looks once, and does not wait for what it begins. */
  begin(): Promise<Begun>
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

  async function begin(): Promise<Begun> {
    const begun: Promise<Sent>[] = []
    const { altered, room } = await lookOnce((one) => begun.push(one))
    const ended = Promise.all(begun).then((sent) => ({ ...sumOf(sent), altered }))
    return { ended, ...(room && { room }) }
  }

  async function deliverAll(): Promise<Delivery> {
    const looks: Promise<Delivery>[] = []
    for (;;) {
      const { ended, room } = await begin()
      looks.push(ended)
      if (room === undefined) break
      await room
    }
    await Promise.all(sending)
    const ended = await Promise.all(looks)
    const altered = new Set(ended.flatMap((one) => one.altered))
    return { ...sumOf(ended), altered: [...altered] }
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
    begin,
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

function sumOf(all: readonly Sent[]): Sent {
  const sum = (count: keyof Sent) => all.reduce((total, one) => total + one[count], 0)
  return { sent: sum('sent'), failed: sum('failed'), undelivered: sum('undelivered') }
}
