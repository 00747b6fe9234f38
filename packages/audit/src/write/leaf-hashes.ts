/** Leaf hashes in the order of their records. */
export interface LeafHashes {
  readonly count: number
  /** A hash in base64. */
  add(leaf: string): void
  /** The first so many, 32 bytes each. They stay as they are until some are dropped. */
  first(count: number): Buffer
  /** Forgets the first so many. */
  drop(count: number): void
}

export const hashBytes = 32

/**
 * Outside of the heap: tens of thousands wait for the next checkpoint of a busy log, and as texts they would be what the
 * garbage collector copies most, while all callers wait.
 */
export function createLeafHashes(): LeafHashes {
  let bytes = Buffer.allocUnsafeSlow(64 * hashBytes)
  let count = 0

  return {
    get count() {
      return count
    },
    add(leaf) {
      const at = count * hashBytes
      if (at === bytes.length) {
        const grown = Buffer.allocUnsafeSlow(2 * bytes.length)
        bytes.copy(grown)
        bytes = grown
      }
      bytes.write(leaf, at, 'base64')
      count += 1
    },
    first: (some) => bytes.subarray(0, some * hashBytes),
    drop(some) {
      bytes.copyWithin(0, some * hashBytes, count * hashBytes)
      count -= some
    },
  }
}
