import { randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(4096)
let used = pool.length
let msecs = 0
let counter = 0

/**
 * A new id: UUIDv7 (RFC 9562 §5.7 and §6.2, method 1: a 12-bit counter behind the milliseconds).
 * Ids of one process sort in the order they were made, also within a millisecond and when the clock is put back.
 */
export function newId(): string {
  // Random bytes are drawn by the page: a system call for each id would cost more than the id.
  if (used + 16 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const id = pool.subarray(used, used + 16)
  used += 16
  const now = Date.now()
  counter = now > msecs ? id.readUInt16BE(6) & 0x7ff : counter + 1
  msecs = Math.max(now, msecs)
  if (counter > 0xfff) {
    // More than two thousand in one millisecond: the next one is borrowed.
    msecs += 1
    counter = 0
  }
  id.writeUIntBE(msecs, 0, 6)
  id.writeUInt16BE(0x7000 | counter, 6)
  id.writeUInt8(0x80 | (id.readUInt8(8) & 0x3f), 8)
  const hex = id.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
