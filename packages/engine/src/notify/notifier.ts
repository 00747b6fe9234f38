import { isDeepStrictEqual } from 'node:util'
import type { Notice } from '../approvals/notice.ts'
import type { ApprovalRecord } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { defaultTries } from './backoff.ts'
import { eachOf } from './each-of.ts'
import { createLanes } from './lanes.ts'
import type { NotifyOptions } from './notify-options.ts'
import { sendNotices } from './send-notices.ts'
import { claimDue, outboxAfterTry, type Tried } from './settle-notice.ts'
import { outstanding } from './targets.ts'
import type { UndeliveredList } from './undelivered.ts'

/** What one delivery came to. `sent` and `failed` count requests, `undelivered` what was laid aside. */
export type Delivery = { sent: number; failed: number; undelivered: number; altered: string[] }

/** What the sending of one record came to. */
export type Sent = Omit<Delivery, 'altered'>

/** What one look at the store came upon. */
export type Look = {
  altered: string[]
  /** Ends when it is time to look again, for there was more than the targets take at once; absent where there was not. */
  room?: Promise<void>
}

export type NotifierOptions = NotifyOptions & {
  records: Pick<Records, 'due' | 'commit' | 'transitionFrom'>
  undelivered: UndeliveredList
  now: () => number
  /** In [0, 1). Default `Math.random`. */
  random?: () => number
  /** Told of what stopped nothing: a record whose turn comes again, a notice that was laid aside. */
  warn: (message: string, code: string) => void
  /** Records that one target is sent something of at once. Default 32. */
  width?: number
  /** Records that are read at once. Default 100. */
  pageSize?: number
}

/**
 * Begins to send what is due and finds room, and does not wait for it: `began` is told of each record, whose promise is
 * never rejected. `signal` ends it early, and what it cut off is tried again later.
 */
export type Notifier = (
  signal: AbortSignal,
  began: (sending: Promise<Sent>) => void,
) => Promise<Look>

/** Beside the time of the requests, that of the writes before and after them. */
const writesMs = 5000
/** So many pages of records wait in line for room; any more are put off, to make way for those behind them. */
const waitingPages = 10

/** At least once: a try is counted first, then sent, then struck off. A crash in between sends it again, with its id. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { records, undelivered, targets, now, random = Math.random, warn } = options
  const { maxTries = defaultTries, timeoutMs = 10_000, width = 32, pageSize = 100 } = options
  const names = targets.map(({ name }) => name)
  const lanes = createLanes(names, width)

  /** What nobody took, laid aside where it is not tried again. */
  async function layAside(
    { tenant, id: approval }: ApprovalRecord,
    { id, kind, at, tries }: Notice,
    answers: Tried['answers'],
  ): Promise<string[]> {
    const givenUp: string[] = []
    for (const [target, answer] of answers) {
      if (answer.ok || (!answer.final && tries < maxTries)) continue
      const { why } = answer
      // Laid aside first, then struck off: a crash in between repeats the first.
      await undelivered.put({ tenant, approval, notice: { id, kind, at }, target, tries, why })
      givenUp.push(target)
      const message = `The notification ${id} of approval ${approval} could not be delivered to ${target} (${why}). \`lelu notifications list\` shows it.`
      warn(message, 'LELU_NOTIFICATION_UNDELIVERED')
    }
    return givenUp
  }

  /** Sends what was claimed, and writes down what came of it. Never throws. */
  async function send(
    record: ApprovalRecord,
    claimed: readonly Notice[],
    entered: readonly string[],
    signal: AbortSignal,
  ): Promise<Sent> {
    const count: Sent = { sent: 0, failed: 0, undelivered: 0 }
    const there = targets.filter(({ name }) => entered.includes(name))
    const answered = (target: string) => lanes.leave(target, record.id)
    const sending = { ...options, targets: there, timeoutMs, signal, answered }
    const tried: Tried[] = []
    try {
      for (const [notice, answers] of await sendNotices(record, claimed, sending)) {
        for (const { ok } of answers.values()) count[ok ? 'sent' : 'failed'] += 1
        // Cut off by the end of this process: that says nothing about the target.
        const givenUp = signal.aborted ? [] : await layAside(record, notice, answers)
        count.undelivered += givenUp.length
        tried.push({ notice, answers, givenUp })
      }
      await records.transitionFrom(record, ({ state, outbox }) => {
        const after = outboxAfterTry(outbox, tried, targets, now())
        // A failure alone changes nothing: the try was counted before it.
        if (isDeepStrictEqual(after, outbox)) return undefined
        return { next: { state, outbox: after }, events: [] }
      })
    } catch (error) {
      failed(record, error)
    }
    return count
  }

  /** Its try is counted or it is not: either way its turn comes again. */
  function failed({ id }: ApprovalRecord, error: unknown): void {
    const { code = 'LELU_NOTIFICATION_FAILED' } = error as { code?: string }
    warn(`Approval ${id} could not be notified of: ${String(error)}`, code)
  }

  /** Claims what finds room, and begins to send it. `waits`: something of it found none. */
  async function begin(
    found: ApprovalRecord,
    { signal, putOff }: { signal: AbortSignal; putOff: boolean },
  ): Promise<{ moved: boolean; waits: boolean; sending?: Promise<Sent> }> {
    const at = now()
    const due = found.outbox.filter(({ nextAt }) => nextAt <= at)
    if (due.length === 0) return { moved: false, waits: false }
    const wanted = new Set(due.flatMap((notice) => outstanding(notice, targets)))
    const room = lanes.enter([...wanted], found.id)
    const waits = room.length < wanted.size
    if (waits && room.length === 0 && !putOff) return { moved: false, waits }
    let record: ApprovalRecord | undefined
    // Room is there before the claim; to each target they go one after the other.
    const leaseMs = due.length * timeoutMs + writesMs
    const { outbox, claimed } = claimDue(found.outbox, {
      ...{ at, leaseMs, random, targets, room, putOff },
    })
    try {
      record = await records.commit(found, { next: { state: found.state, outbox }, events: [] })
    } finally {
      // Another process was faster, or the store is away.
      if (record === undefined) for (const target of room) lanes.leave(target, found.id)
    }
    if (record === undefined) return { moved: false, waits: false }
    if (claimed.length === 0) return { moved: true, waits: false }
    const sending = send(record, claimed, room, signal)
    return { moved: true, waits: waits && !putOff, sending }
  }

  /** How many waited at the head of the line when it was last looked at: a page is read beyond them. */
  let line = 0

  return async (signal, began) => {
    const room = lanes.room() // of before: whoever is turned away meanwhile is not missed
    const altered = new Set<string>()
    let someWait = false
    for (;;) {
      const limit = pageSize + line
      const page = await records.due(limit)
      for (const id of page.altered) altered.add(id)
      let [moved, waiting] = [0, 0]
      const places = page.records.map((record, place) => ({ record, place }))
      await eachOf(places, width, async ({ record, place }) => {
        if (signal.aborted) return
        const putOff = place >= waitingPages * pageSize
        try {
          const begun = await begin(record, { signal, putOff })
          if (begun.moved) moved += 1
          if (begun.waits) waiting += 1
          if (begun.sending) began(begun.sending)
        } catch (error) {
          failed(record, error)
        }
      })
      line = waiting
      someWait ||= waiting > 0
      if (signal.aborted || page.records.length < limit) break
      if (!lanes.hasRoom()) {
        someWait = true
        break
      }
      // A page on which nothing moved would be the same page again.
      if (moved === 0 && pageSize + line <= limit) break
    }
    return { altered: [...altered], ...(someWait && !signal.aborted && { room }) }
  }
}
