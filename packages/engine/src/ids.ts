import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

const pool = Buffer.alloc(4096)
let used = pool.length
let msecs = 0
let seq = 0

/** A new id: UUIDv7 (RFC 9562). Ids of one process sort in the order they were made, also within a millisecond. */
export function newId(): string {
  // Random bytes are drawn by the page: a system call for each id would cost more than the id.
  if (used + 16 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const random = pool.subarray(used, used + 16)
  used += 16
  const now = Date.now()
  // A clock that is put back must not put ids back.
  seq = now > msecs ? random.readUInt32BE(0) >>> 1 : seq + 1
  msecs = Math.max(now, msecs)
  return v7({ random, msecs, seq })
}
