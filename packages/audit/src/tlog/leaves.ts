export const hashBytes = 32

/** Leaf hashes in the order of their records. */
export interface Leaves {
  readonly size: number
  /** A hash of 32 bytes, or base64 of them. */
  add(leaf: Buffer | string): void
  /** The first `count`, or all, one behind the other. They stay as they are until some are dropped. */
  bytes(count?: number): Buffer
  /** Forgets the first so many. */
  drop(count: number): void
}

/**
 * Outside of the heap. A million of them as objects would take four times the memory; and of a busy log tens of thousands
 * wait for the next checkpoint, which as texts were what the garbage collector copied most, while all callers waited.
 */
export function createLeaves(): Leaves {
  let bytes = Buffer.allocUnsafeSlow(64 * hashBytes)
  let size = 0

  return {
    get size() {
      return size
    },
    add(leaf) {
      const at = size * hashBytes
      if (at === bytes.length) {
        const grown = Buffer.allocUnsafeSlow(2 * bytes.length)
        bytes.copy(grown)
        bytes = grown
      }
      if (typeof leaf === 'string') bytes.write(leaf, at, 'base64')
      else leaf.copy(bytes, at)
      size += 1
    },
    bytes: (count = size) => bytes.subarray(0, count * hashBytes),
    drop(count) {
      bytes.copyWithin(0, count * hashBytes, size * hashBytes)
      size -= count
    },
  }
}
