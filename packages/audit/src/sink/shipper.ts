import { AuditError, unavailable } from '../errors.ts'
import type { AuditReceipt } from '../record/record.ts'
import type { Sealed } from '../write/sealer.ts'
import {
  noteComplete,
  readShipped,
  type ShipOptions,
  type Shipped,
  shipStream,
} from './ship-stream.ts'
import { listUnshipped, shipEnded } from './unshipped.ts'

/** The stream that this process writes, as the shipper sees it. */
export type ShippedStream = {
  readonly stream: string
  readonly sealed: Sealed | undefined
  /** Bytes of records on disk. */
  readonly bytes: number
  seal(): Promise<Sealed | undefined>
}

/** What waits for the archive: bytes of records, and for how long the oldest has waited. */
export type Backlog = { bytes: number; ageMs: number }

/** Brings the log into the archive in the background. No decision waits for it, but those that ask to. */
export interface Shipper {
  readonly backlog: Backlog
  /** The newest failure, until something is shipped again. */
  readonly failure: AuditError | undefined
  /** From now on this stream is written; undefined: none is. */
  follow(stream: ShippedStream | undefined): void
  /** Answers when the archive holds the record and a checkpoint that covers it. */
  holds(receipt: AuditReceipt): Promise<void>
  /** Ships everything now, also of streams that have ended. False when some of it is not there yet. */
  drain(): Promise<boolean>
  /** Stops; with `ended`, the followed stream has ended and its note says when all of it is there. */
  close(ended: boolean): Promise<void>
}

export type ShipperOptions = Omit<ShipOptions, 'stream'> & {
  /** Milliseconds between two shipments. */
  everyMs: number
  /** Milliseconds between two looks for streams that have ended. */
  endedMs: number
  /** The archive holds something else under a key of this stream: nothing may be added to it. */
  onConflict: (stream: string, error: AuditError) => void
  onShipped?: () => void
}

type Waiting = { stream: string; seq: number; resolve: () => void }

const maxBackoffMs = 30_000

export function createShipper(options: ShipperOptions): Shipper {
  const { directory, sink, everyMs, endedMs } = options
  let live: ShippedStream | undefined
  let shipped: Shipped | undefined
  let waiting: Waiting[] = []
  let timer: NodeJS.Timeout | undefined
  let running: Promise<boolean> | undefined
  let failures = 0
  let failure: AuditError | undefined
  /** Everything that was on disk at this time is in the archive. */
  let currentAt = performance.now()
  let endedAt = Number.NEGATIVE_INFINITY
  let endedBytes = 0
  let refused: string | undefined
  const stop = new AbortController()

  function wake(ms: number): void {
    if (stop.signal.aborted) return
    clearTimeout(timer)
    timer = setTimeout(() => void run(), ms)
    timer.unref()
  }

  function run(): Promise<boolean> {
    running ??= ship().finally(() => {
      running = undefined
      const backoff = Math.min(maxBackoffMs, everyMs * 2 ** Math.min(failures, 10))
      wake(failures > 0 ? backoff : waiting.length > 0 ? 0 : everyMs)
    })
    return running
  }

  /** False when something is left. */
  async function ship(): Promise<boolean> {
    const began = performance.now()
    try {
      const own = await shipLive()
      const ended = began - endedAt < endedMs || (await shipAllEnded(began))
      if (own && ended && endedBytes === 0) currentAt = began
      failures = 0
      failure = undefined
      options.onShipped?.()
      return own && ended
    } catch (cause) {
      failures += 1
      failure = cause instanceof AuditError ? cause : unavailable('shipping', cause)
      return false
    }
  }

  /** False when some are left. */
  async function shipAllEnded(began: number): Promise<boolean> {
    const found = await listUnshipped(directory, sink.name)
    endedBytes = found.reduce((sum, { bytes }) => sum + bytes, 0)
    let left = false
    for (const { stream, bytes } of found) {
      if (stop.signal.aborted) return false
      if (await shipEnded({ ...options, stream })) endedBytes -= bytes
      else left = true
    }
    endedAt = began
    return !left
  }

  async function shipLive(): Promise<boolean> {
    const stream = live
    if (stream === undefined || stream.stream === refused) return stream === undefined
    // Somebody waits for records that may not be signed yet.
    const sealed = waiting.length > 0 ? await stream.seal() : stream.sealed
    if (sealed === undefined) return stream.bytes === 0
    shipped ??= await readShipped(directory, stream.stream, sink.name)
    const here = { ...options, stream: stream.stream }
    const target = { size: sealed.size, checkpoint: { size: sealed.size, text: sealed.text } }
    try {
      const done = await shipStream(here, target, shipped)
      if (live === stream) shipped = done
      settle(stream.stream, done.size)
    } catch (error) {
      if ((error as { code?: string }).code === 'LELU_AUDIT_SINK_CONFLICT') {
        refused = stream.stream
        options.onConflict(stream.stream, error as AuditError)
      }
      // What came through is noted, and not read again.
      if (live === stream) shipped = await readShipped(directory, stream.stream, sink.name)
      throw error
    }
    return true
  }

  function settle(stream: string, size: number): void {
    const held = waiting.filter((one) => one.stream === stream && one.seq < size)
    waiting = waiting.filter((one) => !held.includes(one))
    for (const { resolve } of held) resolve()
  }

  return {
    get backlog() {
      const bytes = endedBytes + Math.max(0, (live?.bytes ?? 0) - (shipped?.bytes ?? 0))
      return { bytes, ageMs: bytes === 0 ? 0 : performance.now() - currentAt }
    },
    get failure() {
      return failure
    },
    follow(stream) {
      live = stream
      shipped = undefined
      currentAt = performance.now()
      endedAt = Number.NEGATIVE_INFINITY
      wake(everyMs)
    },
    holds({ stream, seq }) {
      const held = new Promise<void>((resolve) => waiting.push({ stream, seq, resolve }))
      if (failures === 0) wake(0)
      return held
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
      if (!ended || live === undefined || shipped === undefined) return
      const { sealed, stream } = live
      if (sealed !== undefined && shipped.size === sealed.size && shipped.seq === sealed.size) {
        await noteComplete({ ...options, stream }, shipped)
      }
    },
  }
}
