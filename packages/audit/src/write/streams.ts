import { join } from 'node:path'
import { type AuditError, closed, unavailable } from '../errors.ts'
import { makeDurably } from '../folder/file-layer.ts'
import { leaseMs, renewLease } from '../folder/lease.ts'
import { disown, noteOf, own } from '../folder/ownership.ts'
import { type Lost, recoverStreams } from '../folder/recovery.ts'
import type { AuditReceipt } from '../record/record.ts'
import type { LogEvent } from '../record/record-line.ts'
import { snapshot } from '../record/snapshot.ts'
import type { AppendOptions } from './append-options.ts'
import { before, dueIn, late as lateAfter, within } from './deadline.ts'
import { type LiveStream, openLiveStream } from './live-stream.ts'
import { findPeers } from './peers.ts'
import { sealEnded } from './sealer.ts'
import { newStreamName } from './stream-name.ts'
import type { Failure } from './stream-writer.ts'
import type { StreamsOptions } from './streams-options.ts'
import { causeOf, takenOver } from './why-left.ts'

/** The streams of this process, one after the other: after a failure a new one, for on the old one nothing is certain. */
export interface Streams {
  readonly stream: string
  readonly current: LiveStream | undefined
  readonly failed: boolean
  append(event: LogEvent, options?: AppendOptions): Promise<AuditReceipt>
  /** Waits for a stream that is being begun. */
  flush(): Promise<void>
  /** Leaves the current stream for this reason, and tries at once to begin another with the next record. */
  renew(error: AuditError): void
  /** Tells others that this process is alive, and ends the streams of those that have died meanwhile. */
  tend(): Promise<void>
  /** Ends the stream in order, and answers it; undefined when there is none or it could not be ended. */
  end(): Promise<LiveStream | undefined>
}

export function createStreams(options: StreamsOptions): Streams {
  const { files, directory, node, deadlineMs } = options
  let stream = newStreamName(node)
  let current: LiveStream | undefined
  /** `late`: somebody has waited for it in vain. */
  let starting: { stream: Promise<LiveStream>; late: boolean } | undefined
  let recovering: Promise<void> = Promise.resolve()
  const lost = new Map<string, Lost>()
  let failure: Failure | undefined
  let ending = false
  /** The end waits for recovery no longer. */
  let late = false
  /** When others were last told that this process is alive, by the wall clock: it goes on while a machine sleeps. */
  let toldAt = Date.now()

  async function begin(name: string): Promise<LiveStream> {
    await makeDurably(files, directory)
    const peers = await findPeers(directory)
    let made: LiveStream | undefined
    try {
      await own(files, directory, name)
      await files.makeFolder(join(directory, name))
      await files.syncFolder(directory)
      made = openLiveStream({
        ...options,
        stream: name,
        onFailed: (error) => {
          if (made !== undefined && current === made) options.onFailed(name, error)
        },
      })
      await made.append({ kind: 'genesis', ...options.genesis, peers })
      return made
    } catch (error) {
      // A disk that hangs is left alone until it answers: each further try would take a thread of the pool.
      await made?.close()
      lost.set(name, { cause: 'write_failed', head: undefined })
      throw error
    }
  }

  function start(): Promise<LiveStream> {
    const name = stream
    const begun = begin(name).then(
      (made) => {
        current = made
        toldAt = Date.now()
        failure = undefined
        starting = undefined
        recovering = recovering.then(() => recover(made))
        options.onBegun(made)
        return made
      },
      (cause) => {
        const error = unavailable('beginning a stream', cause)
        failure = { error, at: performance.now() }
        starting = undefined
        stream = newStreamName(node) // whatever exists of the other is left to recovery
        options.onFailed(name, error)
        throw error
      },
    )
    begun.catch(() => {}) // the first to ask may have been refused for its event, and wait no more
    starting = { stream: begun, late: false }
    return begun
  }

  /** In the background: no decision waits for the remains of other processes. */
  async function recover(live: LiveStream): Promise<void> {
    try {
      await recoverStreams({
        directory,
        stream: live.stream,
        lost,
        stopped: () => late || live.failure !== undefined,
        record: live.append,
        seal: (ended, head) => sealEnded({ ...options, stream: ended, head }),
      })
    } catch (cause) {
      process.emitWarning(
        `Streams of ended processes could not be recovered, and are left for the next start: ${String(cause)}`,
        { code: 'LELU_AUDIT_RECOVERY' },
      )
    }
  }

  /** Leaves a stream that another process has taken over, as they do with one that is silent for long. */
  async function tellAlive(live: LiveStream): Promise<void> {
    const told = Date.now()
    if (await renewLease(noteOf(directory, live.stream))) toldAt = told
    else if (current === live) renew(takenOver())
  }

  function renew(error: AuditError): void {
    if (current === undefined) failure = undefined
    else {
      current.fail(error)
      if (!current.busy) leave(current, { error, at: Number.NEGATIVE_INFINITY })
    }
  }

  function writing(): Promise<LiveStream> | LiveStream {
    // Long before others may take the stream over: what is written behind its end would be no part of it.
    if (current !== undefined && Date.now() - toldAt > leaseMs / 3) renew(takenOver())
    if (current?.failure !== undefined) leave(current, current.failure)
    if (current !== undefined) return current
    if (starting !== undefined) {
      // The disk hangs: whoever asks now need not wait as long as the first did.
      if (starting.late) {
        throw unavailable(
          'beginning a stream',
          new Error(`the disk did not answer within ${deadlineMs} ms`),
        )
      }
      return starting.stream
    }
    if (failure !== undefined && performance.now() - failure.at < options.retryMs)
      throw failure.error
    return start()
  }

  /** A write that has not come back may still change the stream: until it has, nothing else is tried. */
  function leave(live: LiveStream, why: Failure): void {
    failure = why
    if (live.busy) throw why.error
    lost.set(live.stream, { cause: causeOf(why.error), head: live.head })
    void live.close()
    current = undefined
    stream = newStreamName(node)
  }

  /** To a stream that is being begun. */
  async function appendTo(
    target: Promise<LiveStream>,
    event: LogEvent,
    appendOptions: AppendOptions,
  ): Promise<AuditReceipt> {
    const due = dueIn(deadlineMs)
    const copy = snapshot(event) // the caller may change its object while the stream begins
    const live = await before(due, target, lateAfter(deadlineMs)).catch((error) => {
      if (starting?.stream === target) starting.late = true
      throw unavailable('beginning a stream', error)
    })
    return live.append(copy, { ...appendOptions, due })
  }

  return {
    get stream() {
      return current?.stream ?? stream
    },
    get current() {
      return current
    },
    get failed() {
      return failure !== undefined || current?.failure !== undefined || starting?.late === true
    },
    append(event, appendOptions = {}) {
      if (ending) return Promise.reject(closed())
      try {
        const target = writing()
        if (target instanceof Promise) return appendTo(target, event, appendOptions)
        return target.append(event, appendOptions)
      } catch (error) {
        return Promise.reject(error)
      }
    },
    async flush() {
      const live = current ?? (await starting?.stream)
      await live?.flush()
    },
    renew,
    async tend() {
      const live = current
      if (live === undefined || ending) return
      await tellAlive(live).catch(() => {}) // a disk that fails tells those who append
      if (current === live) recovering = recovering.then(() => recover(live))
      await recovering
    },
    async end() {
      ending = true
      const inTime = <T>(work: Promise<T>): Promise<T> => within(deadlineMs, work)
      try {
        const live = current ?? (starting && (await inTime(starting.stream)))
        if (live === undefined) return undefined
        // What others left is no reason to leave this one open.
        await inTime(recovering).catch(() => {
          late = true
        })
        // Behind the end that others have written, a close record would read as one that somebody added.
        const mine = renewLease(noteOf(directory, live.stream)).catch(() => true)
        if (!(await inTime(mine))) throw takenOver()
        await inTime(live.end())
        await inTime(disown(directory, live.stream))
        return live
      } catch {
        // Whoever opens the log after this process ends the stream instead.
        void current?.close()
        return undefined
      }
    },
  }
}
