import { AuditError, closed, unavailable } from '../errors.ts'
import type { AuditReceipt } from '../record/record.ts'
import type { LogEvent } from '../record/record-line.ts'
import { createLeaves } from '../tlog/leaves.ts'
import type { StreamAppend } from './append-options.ts'
import { within } from './deadline.ts'
import { createSealer, type Sealed, type SealerOptions } from './sealer.ts'
import type { StreamOptions } from './stream-options.ts'
import { createStreamWriter, type StreamWriter } from './stream-writer.ts'

/** The stream of this process: its records, and the checkpoints that sign them. */
export interface LiveStream extends StreamWriter {
  /** The newest checkpoint. */
  readonly sealed: Sealed | undefined
  /** Signs everything that is on disk. */
  seal(): Promise<Sealed | undefined>
  /** Ends it in order: with a close record behind which nothing is taken, and a checkpoint. */
  end(): Promise<void>
}

export type LiveStreamOptions = StreamOptions &
  Pick<SealerOptions, 'keys'> & {
    /** Milliseconds from a record's sync to the checkpoint that covers it. */
    sealMs: number
  }

/** Tries to sign before a log whose checkpoints cannot be written refuses records. */
const sealTries = 3
/** So many times as long as a record a checkpoint may take: its records are read back, and two files are synced. */
const sealDeadlines = 5

/**
 * Signs a checkpoint soon after records have reached the disk. No decision waits for it, but one that cannot be signed
 * ends the stream: a log that nobody can verify is as good as none.
 */
export function openLiveStream(options: LiveStreamOptions): LiveStream {
  const { sealMs, deadlineMs } = options
  const sealer = createSealer(options)
  /** Of the records that are on disk and not signed yet. */
  const leaves = createLeaves()
  let timer: NodeJS.Timeout | undefined
  let sealing: Promise<Sealed | undefined> | undefined
  let ended = false
  let failed = 0
  /** A signing that came to no end in time. It may still write: until it has, nothing else is tried on this disk. */
  let hanging = false
  const writer = createStreamWriter({ ...options, onSynced: synced })

  function synced(receipts: AuditReceipt[]): void {
    for (const { leaf } of receipts) leaves.add(leaf)
    sealSoon()
  }

  function sealSoon(): void {
    if (timer !== undefined || ended || writer.failure !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      void seal().catch(() => {})
    }, sealMs)
    timer.unref() // a process that has nothing else to do may end; the next one signs
  }

  async function seal(): Promise<Sealed | undefined> {
    await sealing?.catch(() => {})
    sealing ??= sealNow().finally(() => {
      sealing = undefined
    })
    return sealing
  }

  async function sealNow(): Promise<Sealed | undefined> {
    const { size } = leaves
    if (size === 0) return sealer.sealed
    // Whoever asked while the last try was under way hears of it.
    if (failed >= sealTries && writer.failure !== undefined) throw writer.failure.error
    try {
      const sealed = await inTime(sealer.seal(leaves.bytes(size)))
      leaves.drop(size)
      failed = 0
      return sealed
    } catch (cause) {
      failed += 1
      // The disk may be busy or full, which appends find out by themselves; keys and contents do not mend by waiting.
      const final = cause instanceof AuditError || hanging || failed >= sealTries
      if (final) writer.fail(unavailable('signing a checkpoint', cause))
      throw cause
    } finally {
      if (leaves.size > 0) sealSoon()
    }
  }

  /** Else whoever makes its checkpoint hang would have a log that goes on, and that nobody signs any more. */
  async function inTime(signing: Promise<Sealed>): Promise<Sealed> {
    const ms = sealDeadlines * deadlineMs
    let done = false
    const settled = () => {
      done = true
      hanging = false
    }
    signing.then(settled, settled)
    return within(ms, signing).catch((cause) => {
      hanging = !done
      throw cause
    })
  }

  function append(event: LogEvent, appendOptions?: StreamAppend): Promise<AuditReceipt> {
    // A record behind the end would read as one that somebody added.
    return ended ? Promise.reject(closed()) : writer.append(event, appendOptions)
  }

  async function close(): Promise<void> {
    ended = true
    clearTimeout(timer)
    await sealing?.catch(() => {})
    await writer.close()
  }

  return {
    stream: writer.stream,
    get failure() {
      return writer.failure
    },
    get busy() {
      return writer.busy || hanging
    },
    get head() {
      return writer.head
    },
    get bytes() {
      return writer.bytes
    },
    get sealed() {
      return sealer.sealed
    },
    fail: writer.fail,
    append,
    flush: writer.flush,
    seal,
    async end() {
      const last = append({ kind: 'close', reason: 'closed' })
      ended = true
      await last
      await seal()
      await close()
    },
    close,
  }
}
