import type { AuditLog } from '@lelu/audit'
import { withDeadline } from '../store/deadline.ts'
import type { ApprovalStore, StoredRow } from '../store/store.ts'
import type { ApprovalRecord, PendingEvent } from './record.ts'

/** How far the events of one approval have come, by the number of the last: in the log, and there on disk. */
type Progress = {
  attempt: string
  written: number
  durable: number
  /** Fails when the log did not take them. */
  appending: Promise<unknown>
}

/** Brings the events that ride in approvals into the audit log (decision 0004). */
export type EventLog = {
  /** Announces a row that this process is about to write: all but its own events, the first `written`, are in the log. */
  announce(attempt: string, written: number): void
  /** The row is settled, or was not stored. */
  done(attempt: string): void
  /**
   * Writes what is not in the log yet; only then may anything be built on the record. Until an event is on disk the row
   * keeps it: a power cut of either one loses nothing.
   */
  settle(record: ApprovalRecord, row: StoredRow): Promise<void>
  /** The events that the next row must carry on, for a power cut could still take them out of the log. */
  unsafe(record: ApprovalRecord): PendingEvent[]
  /** Waits until all that was settled is on disk, and the store knows it. */
  flush(): Promise<void>
}

/** Approvals that are remembered. Forgetting one only repeats an event. */
const maxKnown = 4096
/**
 * How long the store is not told yet, in ms. Telling it is a write of its own, which many approvals share; another process
 * that takes one up within this time logs its last events again.
 */
const tellMs = 20
/** Others soon look at a call in any other state, and would write again what they are not told of; these are passed through. */
const passing: readonly string[] = ['executing', 'completed', 'failed']

export function eventLog(store: ApprovalStore, audit: AuditLog, deadlineMs: number): EventLog {
  // Which write was logged, by its id and not by a number: a row that is put back and changed again has the same numbers anew.
  const known = new Map<string, Progress>()
  const announced = new Map<string, number>()
  const hints = new Map<string, number>()
  let isTelling = false

  function remember(id: string, progress: Progress): void {
    known.delete(id)
    known.set(id, progress)
    const [oldest] = known.keys()
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest)
  }

  /** Only a hint, so its failure is nobody's: it costs a repeated event. */
  async function tellStore(): Promise<void> {
    isTelling = false
    const marks = [...hints].map(([id, audited]) => ({ id, audited }))
    hints.clear()
    if (marks.length === 0) return
    const telling = store.markAudited(marks)
    // A network that is cut right here answers nothing for minutes.
    await withDeadline(telling, deadlineMs, 'noting what is logged').catch(() => {})
  }

  function onDisk(id: string, progress: Progress, n: number, error: unknown): void {
    if (error !== undefined) {
      // Nobody knows what the log has of it: whoever loads it next writes it again.
      if (known.get(id) === progress) known.delete(id)
      return
    }
    // Behind one that the log has refused: were the store told of this one, nobody would write that one again.
    if (n > progress.durable + 1) return
    progress.durable = Math.max(progress.durable, n)
    hints.set(id, progress.durable)
    if (!isTelling) setTimeout(() => void tellStore(), tellMs).unref()
    isTelling = true
  }

  /** Where the events of this row stand: as this process knows, or else as the row says. */
  function progressOf({ id, attempt, audited }: StoredRow): Progress {
    const old = known.get(id)
    if (old?.attempt === attempt) return old
    const written = announced.get(attempt)
    // What the row said when it was loaded is a hint outside the seal: it must not hide an event of this very write.
    if (old !== undefined && written !== undefined)
      return Object.assign(old, { attempt, written, durable: Math.min(old.durable, written) })
    // Also of a row of our own, when the log has lost what it had written before: all that the row carries is written again.
    return { attempt, written: audited, durable: audited, appending: Promise.resolve() }
  }

  /** Answers when it is written. With `soon`, it is on its way to the disk at once. */
  async function append(
    id: string,
    progress: Progress,
    { n, data }: PendingEvent,
    soon: boolean,
  ): Promise<void> {
    const onDurable = (error?: unknown) => onDisk(id, progress, n, error)
    if (!soon) return void (await audit.append(data, { until: 'written', onDurable }))
    const written = Promise.withResolvers<void>()
    const appended = audit.append(data, { onDurable, onWritten: written.resolve })
    appended.then(() => written.resolve(), written.reject)
    return written.promise
  }

  return {
    announce: (attempt, written) => void announced.set(attempt, written),
    done: (attempt) => void announced.delete(attempt),
    async settle(record, row) {
      const { id } = record
      const progress = progressOf(row)
      remember(id, progress)
      const missing = record.events.filter(({ n }) => n > progress.written)
      if (missing.length > 0) {
        // At once: another load in this process must not write them too, but wait for this one.
        progress.written = record.eventCount
        hints.delete(id)
        const soon = !passing.includes(record.state)
        progress.appending = Promise.all(missing.map((event) => append(id, progress, event, soon)))
      }
      await progress.appending.catch((error) => {
        onDisk(id, progress, 0, error)
        throw error
      })
    },
    unsafe({ id, events }) {
      const durable = known.get(id)?.durable ?? 0
      return events.filter(({ n }) => n > durable)
    },
    async flush() {
      await audit.flush().catch(() => {}) // whoever comes next writes what may be missing
      await tellStore()
    },
  }
}
