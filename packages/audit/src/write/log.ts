import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditError, unavailable } from '../errors.ts'
import { diskFiles, type FileLayer } from '../folder/file-layer.ts'
import { listStreams, readHead } from '../folder/folder.ts'
import { disown, listOwned, own } from '../folder/ownership.ts'
import { recoverStreams } from '../folder/recovery.ts'
import { jsonText } from '../record/json-text.ts'
import type { AuditEvent, AuditPeer, AuditReceipt } from '../record/record.ts'
import { assertEvent } from '../record/record-text.ts'
import { newUlid } from '../record/ulid.ts'
import { before } from './deadline.ts'
import { type AuditLogOptions, assertOptions } from './log-options.ts'
import {
  type AppendOptions,
  createStreamWriter,
  type Failure,
  type StreamWriter,
} from './stream-writer.ts'

/** An append-only, hash-chained log in a folder. One stream for each process that writes. */
export interface AuditLog {
  readonly log: string
  /** The stream of this process. It changes when a disk failed and works again; nothing exists of it before the first record. */
  readonly stream: string
  readonly directory: string
  /** `failed`: appends are refused, at most one a second tries to begin a new stream. */
  readonly state: 'open' | 'failed' | 'closed'
  /**
   * Answers when the record is on disk, or sooner if told so. Throws `LELU_AUDIT_UNAVAILABLE` when it cannot be (or not in time),
   * `LELU_AUDIT_CLOSED`, `LELU_AUDIT_RECORD_INVALID`, `LELU_AUDIT_RECORD_TOO_LARGE`, `LELU_JSON_INVALID`.
   */
  append(event: AuditEvent, options?: AppendOptions): Promise<AuditReceipt>
  /** Answers when everything appended so far is on disk. Throws `LELU_AUDIT_UNAVAILABLE` when it may not be. */
  flush(): Promise<void>
  /** Ends the stream with a close record, after what was appended before. Never throws. */
  close(): Promise<void>
}

/** What tests make small. */
export type LogLimits = { segmentBytes: number; retryMs: number }

const defaultLimits: LogLimits = { segmentBytes: 4 * 1024 * 1024, retryMs: 1000 }
/** How many closed streams a new one names the heads of; earlier ones are named by the streams in between. */
const maxPeers = 16
const maxOpenPeers = 64

/**
 * Opens a log. Nothing is made or recovered before the first record, so a process that only reads leaves no trace.
 * Throws `LELU_AUDIT_OPTIONS_INVALID`, and `LELU_AUDIT_UNAVAILABLE` when the directory is a file.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  assertOptions(options)
  const found = await stat(options.directory).catch(() => undefined)
  if (found !== undefined && !found.isDirectory()) {
    const cause = Object.assign(new Error(`${options.directory} is not a folder`), {
      code: 'ENOTDIR',
    })
    throw unavailable('opening', cause)
  }
  return openWith(diskFiles, options)
}

/** As `openAuditLog`, over another file layer. */
export function openWith(
  files: FileLayer,
  options: AuditLogOptions,
  limits: LogLimits = defaultLimits,
): AuditLog {
  const { directory, log = 'lelu', node, deadlineMs = 2000 } = options
  const clock = options.now ?? Date.now
  const now = () => Number(clock())
  let stream = newStreamName()
  let current: StreamWriter | undefined
  /** `late`: somebody has waited for it in vain. */
  let starting: { writer: Promise<StreamWriter>; late: boolean } | undefined
  let recovering: Promise<void> = Promise.resolve()
  let lost: string[] = []
  let failure: Failure | undefined
  let closed: Promise<void> | undefined

  function newStreamName(): string {
    // The real clock: names sort by it, whatever `now` says.
    const id = newUlid(Date.now())
    return node === undefined ? id : `${node}-${id}`
  }

  async function begin(name: string): Promise<StreamWriter> {
    await files.makeFolder(directory)
    const peers = await findPeers(directory)
    let made: StreamWriter | undefined
    try {
      await own(files, directory, name)
      await files.makeFolder(join(directory, name))
      await files.syncFolder(directory)
      const { segmentBytes } = limits
      made = createStreamWriter({
        files,
        directory,
        log,
        stream: name,
        now,
        deadlineMs,
        segmentBytes,
      })
      await made.append({ kind: 'genesis', durability: 'fsync', peers })
      return made
    } catch (error) {
      // A disk that hangs is left alone until it answers: each further try would take a thread of the pool.
      await made?.close()
      lost.push(name)
      throw error
    }
  }

  function start(): Promise<StreamWriter> {
    const name = stream
    const writer = begin(name).then(
      (made) => {
        current = made
        failure = undefined
        starting = undefined
        recovering = recover(made)
        return made
      },
      (cause) => {
        const error = unavailable('beginning a stream', cause)
        failure = { error, at: performance.now() }
        starting = undefined
        stream = newStreamName() // whatever exists of the other is left to recovery
        throw error
      },
    )
    writer.catch(() => {}) // the first to ask may have been refused for its event, and wait no more
    starting = { writer, late: false }
    return writer
  }

  /** In the background: no decision waits for the remains of other processes. */
  async function recover(writer: StreamWriter): Promise<void> {
    const mine = lost
    lost = []
    try {
      await recoverStreams({ directory, stream: writer.stream, lost: mine, record: writer.append })
    } catch (cause) {
      lost = [...mine, ...lost]
      process.emitWarning(
        `Streams of ended processes could not be recovered, and are left for the next start: ${String(cause)}`,
        { code: 'LELU_AUDIT_RECOVERY' },
      )
    }
  }

  /** The stream to write to: after a failure a new one, for on the old one nothing is certain any more. */
  function writing(): Promise<StreamWriter> | StreamWriter {
    if (current !== undefined && current.failure !== undefined) leave(current, current.failure)
    if (current !== undefined) return current
    if (starting !== undefined) {
      // The disk hangs: whoever asks now need not wait as long as the first did.
      if (starting.late) {
        throw unavailable(
          'beginning a stream',
          new Error(`the disk did not answer within ${deadlineMs} ms`),
        )
      }
      return starting.writer
    }
    if (failure !== undefined && performance.now() - failure.at < limits.retryMs)
      throw failure.error
    return start()
  }

  /** A write that has not come back may still change the stream: until it has, nothing else is tried. */
  function leave(writer: StreamWriter, why: Failure): void {
    failure = why
    if (writer.busy) throw why.error
    lost.push(writer.stream)
    void writer.close()
    current = undefined
    stream = newStreamName()
  }

  async function end(): Promise<void> {
    const due = performance.now() + deadlineMs
    const inTime = <T>(work: Promise<T>): Promise<T> => before(due, deadlineMs, work)
    try {
      const writer = current ?? (starting && (await inTime(starting.writer)))
      if (writer === undefined) return
      await inTime(recovering)
      await inTime(writer.append({ kind: 'close', reason: 'closed' }))
      await inTime(writer.close())
      await inTime(disown(directory, writer.stream))
    } catch {
      // Whoever opens the log after this process ends the stream instead.
      void current?.close()
    }
  }

  return {
    log,
    directory,
    get stream() {
      return current?.stream ?? stream
    },
    get state() {
      if (closed !== undefined) return 'closed'
      const failed =
        failure !== undefined || current?.failure !== undefined || starting?.late === true
      return failed ? 'failed' : 'open'
    },
    async append(event, options = {}) {
      if (closed !== undefined) throw closedError()
      assertEvent(event)
      const target = writing()
      if (!(target instanceof Promise)) return target.append(event, options)
      const asked = performance.now()
      const copy = snapshot(event) // the caller may change its object while the stream begins
      const writer = await before(asked + deadlineMs, deadlineMs, target).catch((error) => {
        if (starting?.writer === target) starting.late = true
        throw unavailable('beginning a stream', error)
      })
      return writer.append(copy, { ...options, waitedMs: performance.now() - asked })
    },
    async flush() {
      const writer = current ?? (await starting?.writer)
      await writer?.flush()
    },
    close() {
      closed ??= end()
      return closed
    },
  }
}

function snapshot(event: AuditEvent): AuditEvent {
  const present = Object.entries(event).filter(([, value]) => value !== undefined)
  return JSON.parse(jsonText(Object.fromEntries(present))) as AuditEvent
}

function closedError(): AuditError {
  return new AuditError('LELU_AUDIT_CLOSED', 'The audit log is closed.', { help: 'Open it again.' })
}

/** Heads of the newest streams, and of all that are being written: whoever cuts or replaces one contradicts this. */
async function findPeers(directory: string): Promise<AuditPeer[]> {
  const owned = await listOwned(directory)
  // The ends of dead processes' streams are written by recovery, once they are certain.
  const uncertain = new Set(owned.filter(({ state }) => state === 'dead').map((one) => one.stream))
  const open = owned.map((one) => one.stream).slice(-maxOpenPeers)
  const streams = await listStreams(directory)
  const wanted = new Set([...streams.slice(-maxPeers), ...open])
  const peers: AuditPeer[] = []
  for (const stream of streams) {
    if (!wanted.has(stream) || uncertain.has(stream)) continue
    // Made durable first: what a peer remembers must not be lost with the power.
    // One that cannot be read is no reason to record nothing: verify will name it.
    const head = await readHead(join(directory, stream), open.includes(stream)).catch(
      () => undefined,
    )
    if (head !== undefined) peers.push({ stream, ...head })
  }
  return peers
}
