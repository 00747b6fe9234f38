import { AuditError, unavailable } from '../errors.ts'
import type { Lock } from '../folder/lock.ts'
import type { AuditReceipt } from '../record/record.ts'
import type { Sealed } from '../write/sealer.ts'
import { guardedSink } from './guarded-sink.ts'
import { createHolders, type Holding } from './holders.ts'
import type { ShipOptions } from './ship-options.ts'
import { shipStream } from './ship-stream.ts'
import { isConflict, noteComplete, noteConflict, readShipped, type Shipped } from './shipped.ts'
import { listUnshipped, lockShipping, shipEnded, type Unshipped } from './unshipped.ts'

/** The stream that this process writes, as the shipper sees it. */
export type ShippedStream = {
  readonly stream: string
  readonly sealed: Sealed | undefined
  /** Bytes of records that were written. */
  readonly bytes: number
  seal(): Promise<Sealed | undefined>
}

/** What waits for the archive: bytes of records, and for how long the oldest has waited (`ageMs`, milliseconds). */
export type Backlog = { bytes: number; ageMs: number }

/** Brings the log into the archive in the background. No decision waits for it, but those that ask to. */
export interface Shipper {
  readonly backlog: Backlog
  /** The newest failure, until something is shipped again. */
  readonly failure: AuditError | undefined
  /** From now on this stream is written. */
  follow(stream: ShippedStream): void
  /** Tells when the archive holds the record and a checkpoint that covers it. */
  holds(receipt: AuditReceipt): Holding
  /** Ships everything now, also of streams that have ended. False when some of it is not there yet. */
  drain(): Promise<boolean>
  /** Stops at once; with `ended`, the followed stream has ended and its note says when all of it is there. */
  close(ended: boolean): Promise<void>
}

export type ShipperOptions = Omit<ShipOptions, 'stream' | 'signal' | 'onProgress'> & {
  /** Milliseconds between two shipments. */
  everyMs: number
  /** Milliseconds between two looks for streams that have ended, and between two signs that this process ships its own. */
  endedMs: number
  /** The archive holds something else under a key of this stream: nothing may be added to it. */
  onConflict: (stream: string, error: AuditError) => void
}

/** The followed stream, once this process is the one that ships it. */
type Own = { stream: string; shipped: Shipped; lock: Lock; refused: boolean }

/** An archive that is away is asked this often, so that what waits is on its way soon after it is back. */
const maxBackoffMs = 10_000

export function createShipper(options: ShipperOptions): Shipper {
  const { directory, everyMs, endedMs } = options
  const sink = guardedSink(options.sink)
  let live: ShippedStream | undefined
  let own: Own | undefined
  let timer: NodeJS.Timeout | undefined
  let wakeAt = 0
  let running: Promise<boolean> | undefined
  let failures = 0
  let failure: AuditError | undefined
  let endedAt = Number.NEGATIVE_INFINITY
  let keptAt = performance.now()
  let unshipped: Unshipped[] = []
  /** When the oldest of what waits began to. */
  let since: number | undefined
  const holders = createHolders()
  const stop = new AbortController()
  const { signal } = stop

  function wake(ms: number): void {
    if (signal.aborted) return
    clearTimeout(timer)
    wakeAt = performance.now() + ms
    timer = setTimeout(() => void run(), ms)
    timer.unref()
  }

  function run(): Promise<boolean> {
    running ??= ship().finally(() => {
      running = undefined
      const waited = holders.waiting
      // Nobody who waits shall wait for a store that has long come back.
      const longest = waited ? everyMs : maxBackoffMs
      const backoff = Math.min(longest, everyMs * 2 ** Math.min(failures, 10))
      wake(failures > 0 ? backoff : waited ? 0 : everyMs)
    })
    return running
  }

  function backlog(): Backlog {
    const shipped = own !== undefined && own.stream === live?.stream ? own.shipped.bytes : 0
    const mine = Math.max(0, (live?.bytes ?? 0) - shipped)
    const bytes = unshipped.reduce((sum, one) => sum + one.bytes, mine)
    if (bytes === 0) since = undefined
    else since ??= performance.now()
    return { bytes, ageMs: since === undefined ? 0 : performance.now() - since }
  }

  /** False when something is left. */
  async function ship(): Promise<boolean> {
    const began = performance.now()
    try {
      await leaveOld()
      // Also while the store is away: what other processes left here counts as waiting.
      if (began - endedAt >= endedMs) {
        const found = await listUnshipped(directory, sink.name)
        unshipped = found.filter(({ stream }) => stream !== live?.stream)
        endedAt = began
      }
      const mine = await shipLive(began)
      const others = await shipAllEnded()
      if (mine) since = began
      failures = 0
      failure = undefined
      return mine && others
    } catch (cause) {
      if (!isConflict(cause)) failures += 1 // an archive that answers is there: the next stream need not wait
      failure = cause instanceof AuditError ? cause : unavailable('shipping', cause)
      return false
    }
  }

  /** False when some are left. */
  async function shipAllEnded(): Promise<boolean> {
    let all = true
    for (let first = unshipped[0]; first !== undefined; first = unshipped[0]) {
      if (signal.aborted) return false
      const { stream } = first
      const done = await shipEnded({ ...options, sink, signal, stream }).catch((error: unknown) => {
        const { code } = error as { code?: string }
        if (signal.aborted || code?.startsWith('LELU_AUDIT_SINK_')) throw error
        // One that cannot be read here keeps no other one from the archive.
        process.emitWarning(`The stream ${stream} could not be archived: ${String(error)}`, {
          code: 'LELU_AUDIT_SHIPPING',
        })
        return false
      })
      all &&= done
      // What another process ships does not wait for this one.
      unshipped = unshipped.slice(1)
    }
    return all
  }

  /** The stream before is no longer written: whoever finds it ended may ship the rest. */
  async function leaveOld(): Promise<void> {
    if (own === undefined || own.stream === live?.stream) return
    const { lock } = own
    own = undefined
    await lock.release()
  }

  async function take(stream: string): Promise<Own> {
    const lock = await lockShipping(directory, stream)
    if (lock === undefined) throw elsewhere(stream)
    const shipped = await readShipped(directory, stream, sink.name)
    return { stream, shipped: { ...shipped, complete: false }, lock, refused: false }
  }

  async function shipLive(began: number): Promise<boolean> {
    const stream = live
    if (stream === undefined) return true
    // Somebody waits for records that may not be signed yet.
    const sealed = holders.waiting ? await stream.seal() : stream.sealed
    if (sealed === undefined) return stream.bytes === 0
    own ??= await take(stream.stream)
    const mine = own
    if (began - keptAt >= endedMs) {
      if (!(await mine.lock.renew())) throw elsewhere(mine.stream)
      keptAt = began
    }
    if (mine.stream !== stream.stream || mine.refused) return false
    const here = { ...options, sink, signal, stream: stream.stream }
    const onProgress = (shipped: Shipped) => {
      mine.shipped = shipped
    }
    const target = { size: sealed.size, checkpoint: { size: sealed.size, text: sealed.text } }
    try {
      const { size } = await shipStream({ ...here, onProgress }, target, mine.shipped)
      holders.settle(stream.stream, size)
      return true
    } catch (error) {
      if (isConflict(error)) {
        mine.refused = true
        await noteConflict(here, sink.name, error)
        holders.refuse(({ stream }) => stream === mine.stream, error)
        options.onConflict(stream.stream, error as AuditError)
      }
      throw error
    }
  }

  return {
    get backlog() {
      return backlog()
    },
    get failure() {
      return failure
    },
    follow(stream) {
      live = stream
      endedAt = Number.NEGATIVE_INFINITY
      holders.refuse(
        (one) => one.stream !== stream.stream,
        unavailable('shipping', new Error('the stream was left before the archive held it')),
      )
      wake(everyMs)
    },
    holds(receipt) {
      const holding = holders.add(receipt)
      if (signal.aborted) holding.forget()
      else if (failures === 0) wake(0)
      // Nobody waited when the last try failed, so the next one may be far away.
      else if (wakeAt > performance.now() + everyMs) wake(everyMs)
      return holding
    },
    async drain() {
      await running
      endedAt = Number.NEGATIVE_INFINITY
      return run()
    },
    async close(ended) {
      clearTimeout(timer)
      stop.abort()
      await running
      holders.refuse(() => true, unavailable('shipping', new Error('the log was closed')))
      if (own === undefined) return
      const { shipped, stream, lock } = own
      const sealed = live?.stream === stream ? live.sealed : undefined
      const whole = shipped.size === sealed?.size && shipped.seq === sealed.size
      if (ended && whole) await noteComplete({ ...options, stream }, shipped)
      await lock.release()
    },
  }
}

const elsewhere = (stream: string): Error => new Error(`another process ships ${stream}`)
