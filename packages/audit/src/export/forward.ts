import { setTimeout as sleep } from 'node:timers/promises'
import { AuditError } from '../errors.ts'
import { assertFolderThere } from '../read/log-there.ts'
import { batchesOf, type Oddity, type Until } from './batches.ts'
import { type Cursor, readCursor, writeCursor } from './cursor.ts'
import { deliver } from './deliver.ts'
import { layAside } from './laid-aside.ts'
import { logEnd } from './log-end.ts'
import { sealedOnly, type Unsealed } from './sealed.ts'
import type { ForwardTarget } from './target.ts'

/** What happens on the way, for whoever watches. */
export type ForwardEvent =
  | { type: 'sent'; records: number; total: number }
  /** Nothing new; told once for each such look. */
  | { type: 'idle'; total: number }
  | { type: 'waiting'; why: string; afterMs: number }
  /** The receiver took the batch, and says that it does not keep so many records of it. */
  | { type: 'rejected'; records: number; note: string | undefined }
  | { type: 'refused'; stream: string; seq: number; why: string }
  | Oddity
  | Unsealed

/** What is sent, where to, and how far it has come. */
export type ForwardOptions = {
  /** Of the log. */
  directory: string
  to: ForwardTarget
  /** The file that remembers what was acknowledged; records that are refused are named in `<cursor>.refused`. */
  cursor: string
  /** Without a cursor: begin with what is there already. With one: send everything again. */
  fromStart?: boolean
  /** Milliseconds until the end of a dead process's stream is sent though nobody has signed it. Default 15 minutes. */
  unsealedMs?: number
  /** End when everything that is there has been sent; gives up after `tries` failures in a row. */
  once?: boolean
  signal?: AbortSignal
  onEvent?: (event: ForwardEvent) => void
  /** How many records of a stream may be sent. Default those that a checkpoint covers. */
  until?: Until
  /** Milliseconds between two looks. Default 1000. */
  everyMs?: number
  /** Records of a batch at most. Default 500. */
  batchRecords?: number
  /** Default 500 ms to 30 s. */
  backoff?: { minMs: number; maxMs: number }
  /** Default 5; only with `once`. */
  tries?: number
  /** False lets the process end while this waits. Default true. */
  keepAlive?: boolean
}

/** How many records were sent, refused by the receiver for good, and taken but not kept by it (`rejected`). */
export type ForwardReport = { sent: number; refused: number; rejected: number }

/** Of their lines; as JSON of OTLP a record is three times as long, and a collector takes 20 MiB. */
const batchBytes = 1 << 20

/**
 * Sends the records of a log to a receiver as they are sealed, each at least once, until aborted: never from within a
 * decision, one batch in memory. What was acknowledged is remembered durably, so a killed process sends at most its
 * last batch again. Throws `LELU_AUDIT_EXPORT_FAILED` when `once` gives up, and `LELU_AUDIT_CURSOR_INVALID`.
 */
export async function forwardRecords(options: ForwardOptions): Promise<ForwardReport> {
  const { directory, to, signal, once = false, everyMs = 1000, onEvent = () => {} } = options
  await assertFolderThere(directory)
  const cursor = await begin(options)
  const limits = { records: options.batchRecords ?? 500, bytes: batchBytes }
  const { until = sealedOnly({ directory, onEvent, waitMs: options.unsealedMs }) } = options
  const batches = batchesOf(directory, limits, until)
  const report: ForwardReport = { sent: 0, refused: 0, rejected: 0 }
  const onNote = (note: string | undefined, records: number) => {
    report.rejected += records
    onEvent({ type: 'rejected', records, note })
  }
  const { minMs, maxMs } = options.backoff ?? { minMs: 500, maxMs: 30_000 }
  const tries = once ? (options.tries ?? 5) : Number.POSITIVE_INFINITY
  const rest = (ms: number) => {
    const how = { ref: options.keepAlive ?? true, ...(signal && { signal }) }
    return sleep(ms, undefined, how).catch(() => {})
  }

  try {
    for (let failures = 0; signal?.aborted !== true; ) {
      // Read anew for each try, with what has been added: one record that is refused must not hold up the others.
      const batch = await batches.next(cursor.streams)
      if (batch.places.size === 0) {
        onEvent({ type: 'idle', total: report.sent })
        if (once) break
        await rest(everyMs)
        continue
      }
      const { taken, refused, later } = await deliver(batch.records, { to, signal, onNote })
      if (later !== undefined) {
        if (signal?.aborted) break
        failures += 1
        if (failures >= tries) throw failed(to, later.why)
        const grown = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30))
        const spread = Math.round(grown * (0.5 + Math.random() / 2))
        const afterMs = Math.max(later.afterMs ?? 0, spread)
        onEvent({ type: 'waiting', why: later.why, afterMs })
        await rest(afterMs)
        continue
      }
      failures = 0
      if (refused.length > 0) await layAside(`${options.cursor}.refused`, refused, Date.now())
      report.sent += taken
      report.refused += refused.length
      for (const { record, why } of refused) {
        onEvent({ type: 'refused', stream: record.stream, seq: record.record.seq, why })
      }
      for (const oddity of batch.oddities) onEvent(oddity)
      // Only now: whoever dies before this sends the batch again.
      for (const [stream, place] of batch.places) cursor.streams.set(stream, place)
      await writeCursor(options.cursor, cursor)
      if (taken > 0) onEvent({ type: 'sent', records: taken, total: report.sent })
    }
    return report
  } finally {
    await to.close?.()
  }
}

/** Where to begin. The place is remembered at once: what is written from now on is sent, whatever happens. */
async function begin({ directory, to, cursor: path, fromStart }: ForwardOptions): Promise<Cursor> {
  const known = fromStart ? undefined : await readCursor(path, to.name)
  if (known !== undefined) return known
  const streams = fromStart ? new Map() : await logEnd(directory)
  const cursor: Cursor = { target: to.name, streams }
  await writeCursor(path, cursor)
  return cursor
}

function failed({ name }: ForwardTarget, why: string): AuditError {
  return new AuditError('LELU_AUDIT_EXPORT_FAILED', `${name} does not take the records: ${why}.`, {
    help: 'Nothing is lost: see to the receiver, and run it again.',
    details: { target: name },
  })
}
