import { randomFillSync } from 'node:crypto'

// Crockford's alphabet in lower case: the letters keep their order, so ids sort by time.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const pool = Buffer.alloc(16 * 256)
let used = pool.length

/** A new ULID in lower case: 48 bits of epoch milliseconds, 80 random bits. */
export function newUlid(milliseconds: number): string {
  let text = ''
  for (let left = milliseconds, digit = 0; digit < 10; digit += 1) {
    text = alphabet.charAt(left % 32) + text
    left = Math.floor(left / 32)
  }
  // Random bytes are drawn for many ids at once: one call each would be the largest cost of an id.
  if (used + 16 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  for (let digit = 0; digit < 16; digit += 1)
    text += alphabet.charAt((pool[used + digit] ?? 0) & 31)
  used += 16
  return text
}

export const ulidPattern = '[0-7][0-9a-hjkmnp-tv-z]{25}'

/** When a ULID was made: epoch milliseconds. */
export function ulidTime(ulid: string): number {
  let time = 0
  for (const digit of ulid.slice(0, 10)) time = time * 32 + alphabet.indexOf(digit)
  return time
}
