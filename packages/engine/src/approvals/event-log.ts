import type { AuditLog } from '@lelu/audit'
import type { ApprovalStore, StoredRow } from '../store/store.ts'
import type { ApprovalRecord, PendingEvent } from './record.ts'

/** How far the events of one approval have come: in the log, and there on disk. By the number of the last. */
type Progress = { attempt: string; written: number; durable: number }

/** Brings the events that ride in approvals into the audit log (decision 0004). */
export type EventLog = {
  /**
   * Writes what is not in the log yet; only then may anything be built on the record. `written` is how far this process
   * had come before it wrote this row itself. Until an event is on disk, the row keeps it: a power cut loses neither.
   */
  settle(record: ApprovalRecord, row: StoredRow, written?: number): Promise<void>
  /** The events that the next row must carry on, for a power cut could still take them out of the log. */
  unsafe(record: ApprovalRecord): PendingEvent[]
  /** Waits until all that was settled is on disk, and the store knows it. */
  flush(): Promise<void>
}

/** Approvals that are remembered. Forgetting one only repeats an event. */
const maxKnown = 4096
/** How long the store may not know what is on disk. A further transition of the same approval tells it anyhow. */
const hintMs = 25

export function eventLog(store: ApprovalStore, audit: AuditLog): EventLog {
  // Which write was logged, by its id and not by a number: a row that is put back and changed again has the same numbers anew.
  const known = new Map<string, Progress>()
  const hints = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined

  function remember(id: string, progress: Progress): void {
    known.delete(id)
    known.set(id, progress)
    const [oldest] = known.keys()
    if (known.size > maxKnown && oldest !== undefined) known.delete(oldest)
  }

  /** Only a hint, so its failure is nobody's: it costs a repeated event. */
  async function tellStore(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const told = [...hints]
    hints.clear()
    await Promise.all(told.map(([id, n]) => store.markAudited(id, n).catch(() => {})))
  }

  function onDisk(id: string, progress: Progress, n: number, error: unknown): void {
    if (error !== undefined) {
      // Nobody knows what the log has of it: whoever loads it next writes it again.
      if (known.get(id) === progress) known.delete(id)
      return
    }
    progress.durable = Math.max(progress.durable, n)
    if (progress.durable < progress.written) return
    hints.set(id, progress.durable)
    timer ??= setTimeout(() => void tellStore(), hintMs)
    timer.unref()
  }

  return {
    async settle(record, { id, attempt, audited }, before) {
      const old = known.get(id)
      const isOurs = before !== undefined || old?.attempt === attempt
      const from = before ?? (isOurs ? (old as Progress).written : audited)
      const progress =
        isOurs && old !== undefined ? old : { attempt, written: from, durable: audited }
      progress.attempt = attempt
      const missing = record.events.filter(({ n }) => n > from)
      // At once: another load in this process must not write them too. What it writes itself comes behind them in the log.
      progress.written = record.eventCount
      remember(id, progress)
      if (missing.length === 0) return
      hints.delete(id)
      const appended = missing.map(({ n, data }) =>
        audit.append(data, {
          until: 'written',
          onDurable: (error) => onDisk(id, progress, n, error),
        }),
      )
      await Promise.all(appended).catch((error) => {
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
