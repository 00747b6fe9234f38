/** UTF-8 text that is being written; the memory behind `length` is not part of it. */
export type TextBytes = { bytes: Buffer; length: number }

/** Memory that is kept for the next text. */
const keptBytes = 128 * 1024

let idle: TextBytes | undefined

/**
 * Lends bytes to write a text into, and takes them back: `use` must not keep them. A text made of strings, piece by piece,
 * would leave several times its size to the garbage collector, whose pauses are what a busy log waits for longest.
 */
export function withTextBytes<T>(use: (to: TextBytes) => T): T {
  // A getter of a value that is written may come back here: whoever comes meanwhile is lent others.
  const lent = idle ?? { bytes: Buffer.allocUnsafeSlow(8192), length: 0 }
  idle = undefined
  lent.length = 0
  try {
    return use(lent)
  } finally {
    if (lent.bytes.length <= keptBytes) idle = lent
  }
}

/** The bytes, with room for so many more. */
export function makeRoom(to: TextBytes, more: number): Buffer {
  const needed = to.length + more
  if (needed > to.bytes.length) {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * to.bytes.length))
    to.bytes.copy(grown, 0, 0, to.length)
    to.bytes = grown
  }
  return to.bytes
}

/** Longer texts are looked at and copied by native code, whose calls cost more than so many characters do. */
export const shortText = 48

/** Writes a text of ASCII. */
export function writeAscii(to: TextBytes, text: string): void {
  const { length } = text
  const bytes = makeRoom(to, length)
  let at = to.length
  to.length += length
  if (length > shortText) bytes.write(text, at, 'latin1')
  else for (let index = 0; index < length; index += 1) bytes[at++] = text.charCodeAt(index)
}

/** Writes a text as UTF-8. */
export function writeText(to: TextBytes, text: string): void {
  const bytes = makeRoom(to, Buffer.byteLength(text))
  to.length += bytes.write(text, to.length, 'utf8')
}

/** Writes bytes, from one of them on. */
export function writeBytes(to: TextBytes, some: Uint8Array, from = 0): void {
  const { length } = some
  const bytes = makeRoom(to, length)
  let at = to.length
  for (let index = from; index < length; index += 1) bytes[at++] = some[index] as number
  to.length = at
}

const zero = 0x30
const [minus, smallest] = [0x2d, 2 ** 31]

/**
 * Writes an integer of at most 2^53 - 1. Not by way of its text: V8 keeps the texts of thousands of numbers in a table, which
 * each young garbage collection then has to copy.
 */
export function writeInteger(to: TextBytes, value: number): void {
  let left = Math.abs(value)
  let length = value < 0 ? 2 : 1
  for (let power = 10; power <= left; power *= 10) length += 1
  const bytes = makeRoom(to, length)
  const start = to.length
  to.length += length
  let at = to.length
  for (; left >= smallest; left = Math.floor(left / 10)) bytes[--at] = zero + (left % 10)
  // As small integers, which the processor divides at once.
  for (left |= 0; left > 9; left = (left / 10) | 0) bytes[--at] = zero + (left % 10)
  bytes[--at] = zero + left
  if (value < 0) bytes[start] = minus
}
