import { join } from 'node:path'
import { AuditError, unavailable } from '../errors.ts'
import type { FileLayer } from '../folder/file-layer.ts'
import { genesisHash, leafHashOfText, maxLineBytes, withSum } from '../record/line.ts'
import type { AuditReceipt } from '../record/record.ts'
import { type LogEvent, recordText } from '../record/record-text.ts'
import { before } from './deadline.ts'
import { createSegments } from './segments.ts'

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

/**
 * `until`: `durable` (the default) answers after fdatasync. `written` answers when the record is in the kernel's page
 * cache: it survives the death of the process, not a power cut in the next moments. Its sync follows within 20 ms, or
 * with the next durable record; when that fails the log refuses every further record.
 */
export type AppendOptions = {
  until?: 'durable' | 'written'
  /** Told when the record is in the page cache, which is before a durable append answers. */
  onWritten?: () => void
  /** Told once of a record that was taken: it is on disk, or the error for which it may not be. Must not throw. */
  onDurable?: (error?: unknown) => void
}

/** `waitedMs` of the deadline are used up already. */
export type StreamAppend = AppendOptions & { waitedMs?: number }

export type StreamOptions = {
  files: FileLayer
  directory: string
  log: string
  stream: string
  now: () => number
  /** Milliseconds an append may take. */
  deadlineMs: number
  /** A new segment is begun when one has this many bytes. */
  segmentBytes: number
  /** Told after each sync of the records that it brought to the disk. Must not throw. */
  onSynced?: (receipts: AuditReceipt[]) => void
  /** Told once, when it refuses from now on. Must not throw. */
  onFailed?: (error: AuditError) => void
}

type Waiting = {
  line: string
  receipt: AuditReceipt
  /** `performance.now()` after which nobody is waiting any more. */
  due: number
  options: AppendOptions
  resolve: (receipt: AuditReceipt) => void
  reject: (error: unknown) => void
}

/** Bytes of one write, and of all records that may wait for it: past that the disk is too slow, and callers are refused. */
const batchChars = 1024 * 1024
const waitingChars = 64 * 1024 * 1024

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
  let waiting: Waiting[] = []
  let waitingLength = 0
  let failure: Failure | undefined
  let settling: Promise<void> | undefined
  let scheduled = false
  let operation: Promise<void> | undefined
  let syncTimer: NodeJS.Timeout | undefined
  let unsynced: Waiting[] = []
  let head: AuditReceipt | undefined
  let written = 0
  const segments = createSegments(files, join(options.directory, stream), options.segmentBytes)

  function fail(error: unknown, batch: Waiting[]): void {
    const isFirst = failure === undefined
    failure ??= { error: unavailable('appending', error), at: performance.now() }
    const all = [...batch, ...waiting]
    waiting = []
    waitingLength = 0
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

  function takeBatch(): Waiting[] {
    let count = 0
    for (let chars = 0; count < waiting.length && chars < batchChars; count += 1) {
      chars += (waiting[count] as Waiting).line.length
    }
    const batch = count === waiting.length ? waiting : waiting.slice(0, count)
    waiting = count === waiting.length ? [] : waiting.slice(count)
    for (const { line } of batch) waitingLength -= line.length
    return batch
  }

  async function write(batch: Waiting[]): Promise<void> {
    const bytes = Buffer.from(batch.map(({ line }) => line).join(''))
    await segments.append(bytes, (batch[0] as Waiting).receipt.seq)
    written += bytes.length
    unsynced.push(...batch)
    for (const one of batch) {
      if (isEarly(one)) one.resolve(one.receipt)
      one.options.onWritten?.()
    }
    if (batch.every(isEarly)) syncSoon()
    else await sync()
  }

  /** The next durable record may come before, and take these along: then one sync serves both. */
  function syncSoon(): void {
    if (syncTimer !== undefined) return
    syncTimer = setTimeout(() => {
      syncTimer = undefined
      if (!segments.unsynced || failure !== undefined) return
      if (settling === undefined) settle([], performance.now() + deadlineMs, sync())
      else syncSoon()
    }, syncSoonMs)
    syncTimer.unref() // the kernel writes it also when the process ends before
  }

  /**
   * Begins to write what waits, unless something is being written. While the disk syncs one batch the callers of
   * the one before it make the next: a log with many callers is then never waiting for the other of the two.
   */
  function pump(): void {
    if (settling !== undefined || failure !== undefined || waiting.length === 0) return
    const batch = takeBatch()
    settle(batch, (batch[0] as Waiting).due, write(batch))
  }

  /** Answers a batch when its operation has ended, or at `due`; then goes on with the next. */
  function settle(batch: Waiting[], due: number, running: Promise<void>): void {
    operation = running.finally(() => {
      operation = undefined
    })
    operation.catch(() => {}) // reported below, or late, when nobody waits any more
    settling = before(due, deadlineMs, running)
      .then(
        () => {
          for (const one of batch) one.resolve(one.receipt)
        },
        (error) => fail(error, batch),
      )
      .then(() => {
        settling = undefined
        schedule()
      })
  }

  /**
   * Enough for a batch, or one that waits for the write alone: at once. Fewer: callers that were answered just now
   * ask again in this turn and may join.
   */
  function schedule(): void {
    if (waiting.length >= worthWriting || isEarly(waiting[0])) pump()
    else if (waiting.length > 0 && !scheduled) {
      scheduled = true
      setImmediate(() => {
        scheduled = false
        pump()
      })
    }
  }

  function enqueue(event: LogEvent, options: StreamAppend): Promise<AuditReceipt> {
    const { waitedMs = 0 } = options
    const text = withSum(recordText(event, { log, stream, seq, prev, now: now() }))
    // A character is at most three bytes of UTF-8: most lines need not be counted.
    const bytes = text.length * 3 > maxLineBytes ? Buffer.byteLength(text) : 0
    if (bytes > maxLineBytes) throw tooLarge(bytes)
    if (waitingLength + text.length > waitingChars) {
      throw unavailable('appending', new Error('too many records wait for the disk'))
    }
    // Nothing may throw from here on: the number is taken.
    const receipt = { stream, seq, leaf: leafHashOfText(text) }
    seq += 1
    prev = receipt.leaf
    const line = `${text}\n`
    waitingLength += line.length
    const due = performance.now() + deadlineMs - waitedMs
    const answer = new Promise<AuditReceipt>((resolve, reject) => {
      waiting.push({ line, receipt, due, options, resolve, reject })
    })
    schedule()
    return answer
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
    async append(event, options = {}) {
      if (failure !== undefined) throw failure.error
      return enqueue(event, options)
    },
    async flush() {
      while (failure === undefined && (settling !== undefined || waiting.length > 0)) {
        pump()
        await settling
      }
      if (failure === undefined && segments.unsynced) {
        settle([], performance.now() + deadlineMs, sync())
        await settling
      }
      if (failure !== undefined) throw failure.error
    },
    async close() {
      while (waiting.length > 0 && failure === undefined) {
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

function tooLarge(bytes: number): AuditError {
  return new AuditError(
    'LELU_AUDIT_RECORD_TOO_LARGE',
    `A record of ${bytes} bytes is longer than the ${maxLineBytes} a line of the log may have.`,
    { help: 'Shorten the texts in it (reasons, ids, what of an input is in clear).' },
  )
}
