import { randomFillSync } from 'node:crypto'

// Crockford's alphabet in lower case: the letters keep their order, so ids sort by time.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const pool = Buffer.alloc(16 * 256)
let used = pool.length

const letters = Buffer.from(alphabet)
// One for all: a text that grows letter by letter would leave twenty texts to the garbage collector.
const digits = Buffer.alloc(26)

/** A new ULID in lower case: 48 bits of epoch milliseconds, 80 random bits. */
export function newUlid(milliseconds: number): string {
  for (let left = Math.max(0, Math.trunc(milliseconds)), digit = 9; digit >= 0; digit -= 1) {
    digits[digit] = letters[left % 32] as number
    left = Math.floor(left / 32)
  }
  // Random bytes are drawn for many ids at once: one call each would be the largest cost of an id.
  if (used + 16 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  for (let digit = 0; digit < 16; digit += 1) {
    digits[10 + digit] = letters[(pool[used + digit] as number) & 31] as number
  }
  used += 16
  return digits.toString('latin1')
}

export const ulidPattern = '[0-7][0-9a-hjkmnp-tv-z]{25}'

/** When a ULID was made: epoch milliseconds. */
export function ulidTime(ulid: string): number {
  let time = 0
  for (const digit of ulid.slice(0, 10)) time = time * 32 + alphabet.indexOf(digit)
  return time
}
