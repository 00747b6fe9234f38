import { AuditError, unavailable } from '../errors.ts'
import type { FileLayer } from '../folder/file-layer.ts'
import { freeBytes, makeReserve, releaseReserve, reserveBytes } from '../folder/reserve.ts'
import type { RoomRecord } from '../record/record.ts'
import type { Backlog } from '../sink/shipper.ts'

export type RoomOptions = {
  files: FileLayer
  directory: string
  append(record: RoomRecord): Promise<unknown>
  /** Leaves the stream that met the full disk for a new one. */
  renew(error: AuditError): void
  /** What may wait for the archive. */
  limit: Backlog
  /** Milliseconds between two looks whether a full disk has room again. */
  retryMs: number
  free?: (directory: string) => Promise<number>
}

/** Whether there is room for records: on the disk, and in what may wait for the archive. */
export interface Room {
  /** Throws `LELU_AUDIT_UNAVAILABLE` while there is none, and waits for nothing. */
  assert(backlog: { sink: string; now: Backlog } | undefined): void
  /** Whether the disk is full, as far as is known. */
  readonly full: boolean
  /** The disk is full. True when a reserve was given back, so that a stream can begin to say so. */
  filled(error: AuditError): Promise<boolean>
  /** Keeps room for the next time. */
  reserve(): Promise<void>
  close(): void
}

const diskFull: readonly unknown[] = ['ENOSPC', 'EDQUOT']
/** Above this share of the limit a record warns, below the other it says that it is over. */
const highShare = 0.8
const drainedShare = 0.6
const maxPauseMs = 60_000

export const isDiskFull = (error: AuditError): boolean =>
  diskFull.includes((error.cause as NodeJS.ErrnoException | undefined)?.code)

export function createRoom(options: RoomOptions): Room {
  const { files, directory, append, renew, limit, retryMs, free = freeBytes } = options
  let full: AuditError | undefined
  let refused = 0
  let pauseMs = retryMs
  let resumedAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let closed = false
  let high: 'high' | 'over' | undefined

  function say(sink: string, now: Backlog, state: 'high' | 'over' | 'drained'): void {
    const [bytes, age_ms] = [now.bytes, Math.round(now.ageMs)]
    const record: RoomRecord = { kind: 'backlog', sink, bytes, limit: limit.bytes, age_ms, state }
    append(record).catch(() => {}) // whoever appends next hears of the log's own failure
  }

  function assertBacklog(sink: string, now: Backlog): void {
    const share = Math.max(now.bytes / limit.bytes, now.ageMs / limit.ageMs)
    if (high !== undefined && share < drainedShare) {
      high = undefined
      say(sink, now, 'drained')
    } else if (high === undefined && share >= highShare) {
      high = 'high'
      say(sink, now, 'high')
    }
    if (share < 1) return
    if (high !== 'over') say(sink, now, 'over')
    high = 'over'
    const waits = `${now.bytes} bytes wait for ${sink}, the oldest for ${Math.round(now.ageMs / 1000)} s`
    throw unavailable('shipping', new Error(waits))
  }

  /** By itself: a caller is refused at once, however long the disk takes to tell what it has. */
  function lookLater(): void {
    if (closed) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      void look()
        .catch(() => {})
        .then(() => {
          if (full !== undefined) lookLater()
        })
    }, pauseMs)
    timer.unref()
  }

  async function look(): Promise<void> {
    // Twice, so that the reserve can be kept again and something is left.
    if ((await free(directory)) < 2 * reserveBytes) return
    await makeReserve(files, directory)
    if (closed) return
    const said = refused
    full = undefined
    resumedAt = performance.now()
    try {
      await append({ kind: 'resumed', refused: said })
      refused -= said
    } catch (error) {
      // A stream that was begun while the reserve was made has met the full disk, when that was still known to be full.
      if (error instanceof AuditError && isDiskFull(error)) await filled(error)
    }
  }

  async function filled(error: AuditError): Promise<boolean> {
    if (closed || full !== undefined || !(await releaseReserve(directory))) return false
    // A quota shows as room that is not there: then the looks become rarer.
    const again = performance.now() - resumedAt < 10 * pauseMs
    pauseMs = again ? Math.min(maxPauseMs, 2 * pauseMs) : retryMs
    full = error
    renew(error)
    lookLater()
    const code = (error.cause as NodeJS.ErrnoException).code ?? 'ENOSPC'
    await append({ kind: 'full', error_code: code })
    return true
  }

  return {
    get full() {
      return full !== undefined
    },
    assert(backlog) {
      if (full !== undefined) {
        refused += 1
        throw full
      }
      if (backlog !== undefined) assertBacklog(backlog.sink, backlog.now)
    },
    filled,
    async reserve() {
      // On a disk that is nearly full, the reserve itself would be what fills it.
      if (closed || full !== undefined || (await free(directory)) < 2 * reserveBytes) return
      await makeReserve(files, directory)
    },
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
