import { randomFillSync } from 'node:crypto'

const saltBytes = 32
const pool = Buffer.alloc(saltBytes * 256)
let used = pool.length

/** 32 random bytes, drawn for many salts at once: one call of the system each would cost more than the hash. */
export function newSalt(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const salt = Buffer.from(pool.subarray(used, used + saltBytes))
  pool.fill(0, used, used + saltBytes) // what was given away is nowhere else
  used += saltBytes
  return salt
}
