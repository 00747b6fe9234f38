import { type AuditError, unavailable } from '../errors.ts'
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
  /** Throws `LELU_AUDIT_UNAVAILABLE` while there is none. */
  assert(backlog: { sink: string; now: Backlog } | undefined): void
  /** Whether the disk is full, as far as is known. */
  readonly full: boolean
  /** The disk is full. True when a reserve was given back, so that a stream can begin to say so. */
  filled(error: AuditError): Promise<boolean>
  /** Looks whether there is room again, at most every `retryMs`. */
  look(): Promise<void>
  /** Keeps room for the next time. */
  reserve(): Promise<void>
}

const diskFull: readonly unknown[] = ['ENOSPC', 'EDQUOT']
/** Above this share of the limit a record warns, below the other it says that it is over. */
const highShare = 0.8
const drainedShare = 0.6

export const isDiskFull = (error: AuditError): boolean =>
  diskFull.includes((error.cause as NodeJS.ErrnoException | undefined)?.code)

export function createRoom(options: RoomOptions): Room {
  const { files, directory, append, renew, limit, retryMs, free = freeBytes } = options
  let full: { error: AuditError; refused: number } | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
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

  return {
    get full() {
      return full !== undefined
    },
    assert(backlog) {
      if (full !== undefined) {
        full.refused += 1
        throw full.error
      }
      if (backlog !== undefined) assertBacklog(backlog.sink, backlog.now)
    },
    async filled(error) {
      if (full !== undefined || !(await releaseReserve(directory))) return false
      full = { error, refused: 0 }
      lookedAt = performance.now()
      renew(error)
      const code = (error.cause as NodeJS.ErrnoException).code ?? 'ENOSPC'
      await append({ kind: 'full', error_code: code })
      return true
    },
    async look() {
      if (full === undefined || performance.now() - lookedAt < retryMs) return
      lookedAt = performance.now()
      // Twice, so that the reserve can be kept again and something is left.
      if ((await free(directory).catch(() => 0)) < 2 * reserveBytes) return
      const { refused } = full
      await append({ kind: 'resumed', refused })
      full = undefined
      await this.reserve()
    },
    async reserve() {
      if (full === undefined) await makeReserve(files, directory).catch(() => {}) // without it the log only says less
    },
  }
}
