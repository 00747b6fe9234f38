import type { ApprovalRecord } from '../approvals/record.ts'
import type { Records } from '../approvals/records.ts'
import { isLeluError } from '../errors.ts'
import { eachOf } from './each-of.ts'
import { createLanes } from './lanes.ts'
import { createLine } from './line.ts'
import { defaultTimeoutMs, type SendOptions, type Sent, sendRecord, warnOf } from './send-record.ts'
import { claimDue } from './settle-notice.ts'
import { outstanding } from './targets.ts'

/** What one delivery came to: `Sent` of all its records, and the rows that were altered outside Lelu. */
export type Delivery = Sent & { altered: string[] }

/** What one look at the store came upon. */
export type Look = {
  altered: string[]
  /** Ends when it is time to look again, for there was more than the targets take at once; absent where there was not. */
  room?: Promise<void>
}

export type NotifierOptions = SendOptions & {
  records: Pick<Records, 'due' | 'commit' | 'transitionFrom'>
  /** In [0, 1). Default `Math.random`. */
  random?: () => number
  /** Records that one target is sent something of at once. Default 32. */
  width?: number
  /** Records that are read at once. Default 100. */
  pageSize?: number
}

/** Told of each record that is being sent. Its promise is never rejected. */
type Began = (sending: Promise<Sent>) => void

/**
 * Begins to send what is due and finds room, and does not wait for it. `signal` ends it early, and what it cut off is
 * tried again later.
 */
export type Notifier = (signal: AbortSignal, began: Began) => Promise<Look>

/** What became of a record in one look. `waits`: something of it found no room, and stays in line. */
type Turn = { moved: boolean; waits: boolean }

/** Beside the time of the requests, that of the writes before and after them. */
const writesMs = 5000

/** At least once: a try is counted first, then sent, then struck off. A crash in between sends it again, with its id. */
export function createNotifier(options: NotifierOptions): Notifier {
  const { records, targets, now, random = Math.random } = options
  const { timeoutMs = defaultTimeoutMs, width = 32, pageSize = 100 } = options
  const names = targets.map(({ name }) => name)
  const lanes = createLanes(names, width)
  const line = createLine(pageSize)

  /** Claims what is due of it and finds room, and begins to send that. */
  async function begin(
    found: ApprovalRecord,
    putOff: boolean,
    signal: AbortSignal,
    began: Began,
  ): Promise<Turn> {
    const at = now()
    const due = found.outbox.filter(({ nextAt }) => nextAt <= at)
    if (due.length === 0) return { moved: false, waits: false }
    const wanted = new Set(due.flatMap((notice) => outstanding(notice, targets)))
    const room = lanes.enter([...wanted], found.id)
    const waits = room.length < wanted.size && !putOff
    if (waits && room.length === 0) return { moved: false, waits }
    // Room is there before the claim; to each target they go one after the other.
    const leaseMs = due.length * timeoutMs + writesMs
    const { outbox, claimed } = claimDue(found.outbox, {
      ...{ at, leaseMs, random, targets, room, putOff },
    })
    const answered = (target: string) => lanes.leave(target, found.id)
    let record: ApprovalRecord | undefined
    try {
      record = await records.commit(found, { next: { state: found.state, outbox }, events: [] })
    } finally {
      // Another process was faster, or the store is away.
      if (record === undefined) room.forEach(answered)
    }
    if (record === undefined) return { moved: false, waits: false }
    if (claimed.length > 0)
      began(sendRecord({ record, notices: claimed, room }, options, { signal, answered }))
    return { moved: true, waits }
  }

  /** What is due, as much as the store brings in time: a delivery that is asked for once has no next look to ask for less. */
  async function readPage(signal: AbortSignal) {
    for (;;) {
      const limit = line.length()
      try {
        return { limit, page: await records.due(limit) }
      } catch (error) {
        line.wasNotRead()
        const isAway = isLeluError(error) && error.code === 'LELU_STORE_UNAVAILABLE'
        if (!isAway || limit === 1 || signal.aborted) throw error
      }
    }
  }

  /** Reads the line from its head, and begins what it can. */
  async function readLine(signal: AbortSignal, began: Began) {
    const { limit, page } = await readPage(signal)
    let [moved, waiting] = [0, 0]
    await eachOf([...page.records.entries()], width, async ([place, record]) => {
      if (signal.aborted) return
      try {
        // Where no target takes anything, nobody behind them could be sent either.
        const putOff = line.isPutOff(place) && lanes.hasRoom()
        const turn = await begin(record, putOff, signal, began)
        if (turn.moved) moved += 1
        if (turn.waits) waiting += 1
      } catch (error) {
        warnOf(record, error, options)
      }
    })
    line.wasRead(waiting, page.size)
    // What is read next would be the same.
    const isStuck = moved === 0 && page.passed === 0 && line.length() <= limit
    return { altered: page.altered, waiting, isAll: page.isAll, isStuck }
  }

  return async (signal, began) => {
    const room = lanes.room() // of before: whoever is turned away meanwhile is not missed
    const altered = new Set<string>()
    let someWait = false
    for (;;) {
      const read = await readLine(signal, began)
      for (const id of read.altered) altered.add(id)
      someWait ||= read.waiting > 0
      if (signal.aborted || read.isAll) break
      const isFull = !lanes.hasRoom()
      someWait ||= isFull
      if (isFull || read.isStuck) break
    }
    return { altered: [...altered], ...(someWait && !signal.aborted && { room }) }
  }
}
