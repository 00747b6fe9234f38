import { join } from 'node:path'
import { type AuditError, invalidEvent, tooLarge, unavailable } from '../errors.ts'
import { genesisHash, hashOfLeaf, maxLineBytes } from '../record/line.ts'
import type { AuditReceipt } from '../record/record.ts'
import { type LogEvent, writeLeaf } from '../record/record-line.ts'
import { withTextBytes } from '../record/text-bytes.ts'
import type { AppendOptions, StreamAppend } from './append-options.ts'
import { type Batch, createBatches } from './batches.ts'
import { before, type Due, dueIn, late } from './deadline.ts'
import { createSegments } from './segments.ts'
import type { StreamOptions } from './stream-options.ts'

/** What refuses appends, and since when (`performance.now()`). */
export type Failure = { error: AuditError; at: number }

export interface StreamWriter {
  readonly stream: string
  /** Set once, by the first error or missed deadline: from then on nothing is written to the stream. */
  readonly failure: Failure | undefined
  /** Whether a disk operation has not come back yet. */
  readonly busy: boolean
  /** The last record that is on disk. */
  readonly head: AuditReceipt | undefined
  /** Bytes of all records that were written. */
  readonly bytes: number
  /** Answers when the record is on disk (fdatasync), together with all that were waiting with it. */
  append(event: LogEvent, options?: StreamAppend): Promise<AuditReceipt>
  /** Answers when everything appended before is on disk. */
  flush(): Promise<void>
  /** Refuses everything from now on, as after a failure of the disk. */
  fail(error: AuditError): void
  /** Waits for what is being written and closes the file. */
  close(): Promise<void>
}

type Waiting = {
  receipt: AuditReceipt
  /** After it nobody is waiting any more. */
  due: Due
  options: AppendOptions
  resolve: (receipt: AuditReceipt) => void
  reject: (error: unknown) => void
}

/** Bytes of all records that may wait: past that the disk is too slow, and callers are refused. */
const waitingBytes = 64 * 1024 * 1024

/** Records that are worth a write of their own although others may be about to join. */
const worthWriting = 16

const isEarly = (one: Waiting | undefined): boolean => one?.options.until === 'written'

/** How long written records may wait for a sync of their own. */
const syncSoonMs = 20

/**
 * One chain of records in one folder, written by one process. Records that wait together share one write and one
 * fdatasync. After any failure nothing is written to the stream again: what is on disk is then uncertain.
 */
export function createStreamWriter(options: StreamOptions): StreamWriter {
  const { files, log, stream, now, deadlineMs } = options
  let seq = 0
  let prev = genesisHash(log, stream)
  const waiting = createBatches<Waiting>()
  let failure: Failure | undefined
  let settling: Promise<void> | undefined
  let scheduled = false
  /** Callers were answered in this turn of the event loop, and may ask again in it. */
  let answering = false
  let operation: Promise<void> | undefined
  let syncTimer: NodeJS.Timeout | undefined
  let unsynced: Waiting[] = []
  let head: AuditReceipt | undefined
  let written = 0
  const segments = createSegments(files, join(options.directory, stream), options.segmentBytes)

  function fail(error: unknown, batch: readonly Waiting[]): void {
    const isFirst = failure === undefined
    failure ??= { error: unavailable('appending', error), at: performance.now() }
    const all = [...batch, ...waiting.clear()]
    for (const one of all) one.reject(failure.error)
    tell([...new Set([...unsynced, ...all])], failure.error)
    unsynced = []
    if (isFirst) options.onFailed?.(failure.error)
  }

  function tell(records: Waiting[], error?: unknown): void {
    for (const { options } of records) options.onDurable?.(error)
  }

  async function sync(): Promise<void> {
    await segments.sync()
    const synced = unsynced
    unsynced = []
    head = synced.at(-1)?.receipt ?? head
    tell(synced)
    options.onSynced?.(synced.map(({ receipt }) => receipt))
  }

  async function write(batch: Batch<Waiting>): Promise<void> {
    const { records } = batch
    const bytes = batch.bytes.subarray(0, batch.length)
    // Not a turn later: the sync is to begin before anybody who is answered meanwhile takes the processor.
    const appending = segments.append(bytes, (records[0] as Waiting).receipt.seq)
    if (appending !== undefined) await appending
    waiting.giveBack(batch)
    written += bytes.length
    unsynced.push(...records)
    for (const one of records) {
      if (isEarly(one)) one.resolve(one.receipt)
      one.options.onWritten?.()
    }
    if (records.every(isEarly)) syncSoon()
    else await sync()
  }

  /** The next durable record may come before, and take these along: then one sync serves both. */
  function syncSoon(): void {
    if (syncTimer !== undefined) return
    syncTimer = setTimeout(() => {
      syncTimer = undefined
      if (!segments.unsynced || failure !== undefined) return
      if (settling === undefined) settle([], dueIn(deadlineMs), sync())
      else syncSoon()
    }, syncSoonMs)
    syncTimer.unref() // the kernel writes it also when the process ends before
  }

  /**
   * Begins to write what waits, unless something is being written. While the disk syncs one batch the callers of
   * the one before it make the next: a log with many callers is then never waiting for the other of the two.
   */
  function pump(): void {
    if (settling !== undefined || failure !== undefined) return
    const batch = waiting.take()
    if (batch === undefined) return
    settle(batch.records, (batch.records[0] as Waiting).due, write(batch))
  }

  /** Answers a batch when its operation has ended, or at `due`; then goes on with the next. */
  function settle(batch: readonly Waiting[], due: Due, running: Promise<void>): void {
    operation = running.finally(() => {
      operation = undefined
    })
    operation.catch(() => {}) // reported below, or late, when nobody waits any more
    settling = before(due, running, late(deadlineMs)).then(
      () => {
        settling = undefined
        // Before the answers: the disk is to have the next batch while those who are answered make the one behind it.
        answering = true
        schedule()
        setImmediate(() => {
          answering = false
        })
        for (const one of batch) one.resolve(one.receipt)
      },
      (error) => {
        settling = undefined
        fail(error, batch)
      },
    )
  }

  /**
   * Enough for a batch, or one that waits for the write alone, or one that comes while nothing is going on: at once, so that
   * the disk works while its caller goes on. Else callers that were answered just now ask again in this turn and may join.
   */
  function schedule(): void {
    const { next } = waiting
    if (next.length >= worthWriting || isEarly(next[0]) || !(answering || scheduled)) pump()
    else if (next.length > 0 && !scheduled) {
      scheduled = true
      setImmediate(() => {
        scheduled = false
        pump()
      })
    }
  }

  function enqueue(event: LogEvent, options: StreamAppend): Promise<AuditReceipt> {
    return withTextBytes((leaf) => {
      const number = seq
      writeLeaf(leaf, event, { log, stream, seq, prev, now: now() })
      if (leaf.length - 1 > maxLineBytes) throw tooLarge(leaf.length - 1, maxLineBytes)
      if (waiting.bytes + leaf.length > waitingBytes) {
        throw unavailable('appending', new Error('too many records wait for the disk'))
      }
      // A getter of the event may have appended a record: the number, and what comes before, are that one's.
      if (seq !== number) throw invalidEvent('reading it appended another', 'Pass plain data.')
      // Nothing may throw from here on: the number is taken.
      const receipt = { stream, seq, leaf: hashOfLeaf(leaf.bytes.subarray(0, leaf.length)) }
      seq += 1
      prev = receipt.leaf
      const { due = dueIn(deadlineMs) } = options
      const { promise, resolve, reject } = Promise.withResolvers<AuditReceipt>()
      waiting.add(leaf.bytes, 1, leaf.length, { receipt, due, options, resolve, reject })
      schedule()
      return promise
    })
  }

  return {
    stream,
    get failure() {
      return failure
    },
    get busy() {
      return operation !== undefined
    },
    get head() {
      return head
    },
    get bytes() {
      return written
    },
    fail: (error) => fail(error, []),
    append(event, options = {}) {
      if (failure !== undefined) return Promise.reject(failure.error)
      try {
        return enqueue(event, options)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    async flush() {
      while (failure === undefined && (settling !== undefined || waiting.bytes > 0)) {
        pump()
        await settling
      }
      if (failure === undefined && segments.unsynced) {
        settle([], dueIn(deadlineMs), sync())
        await settling
      }
      if (failure !== undefined) throw failure.error
    },
    async close() {
      while (waiting.bytes > 0 && failure === undefined) {
        pump()
        await settling
      }
      await settling
      await operation?.catch(() => {})
      clearTimeout(syncTimer)
      if (failure === undefined) await sync().catch(() => {})
      await segments.close().catch(() => {})
    },
  }
}
