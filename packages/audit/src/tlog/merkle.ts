import { hash } from 'node:crypto'

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1). */
export const emptyRoot: Buffer = hash('sha256', '', 'buffer')

// One buffer for all: hashing is synchronous, and an allocation for each node would cost more than a third of it.
const pair = Buffer.alloc(65, 1)

/** RFC 6962 §2.1: SHA-256 over 0x01 and both children, 32 bytes each. */
export function nodeHash(left: Buffer, right: Buffer): Buffer {
  pair.set(left, 1)
  pair.set(right, 33)
  // By way of a string: a Buffer that is made by the hash itself costs more than the hash.
  return Buffer.from(hash('sha256', pair, 'binary'), 'latin1')
}

/** A Merkle tree that only grows; it keeps O(log n) hashes, no leaves. */
export type Tree = {
  readonly size: number
  /** Adds a leaf by its hash of 32 bytes, or base64 of them. */
  append(leaf: Buffer | string): void
  root(): Buffer
  copy(): Tree
}

export function createTree(): Tree {
  return treeOf(0, [])
}

/** Whether a text has the length that base64 of 32 bytes has, and no other number of bytes. */
const isHash = (text: string) => text.length === 44 && text.indexOf('=') === 43

/**
 * `levels` hold what is hashed for the next node of each height, the leaves' first: 0x01, then on the left the root of the
 * complete subtree that waits for its neighbour. Each hash is written once, into its place in the next.
 */
function treeOf(startSize: number, levels: Buffer[]): Tree {
  let size = startSize

  /** Puts a hash where the one of this number belongs; answers how many bytes it had. */
  function place(height: number, number: number, text: string, encoding: 'base64' | 'latin1') {
    levels[height] ??= Buffer.alloc(65, 1)
    return levels[height].write(text, number % 2 === 0 ? 1 : 33, 32, encoding)
  }

  return {
    get size() {
      return size
    },
    append(leaf) {
      const text = typeof leaf === 'string' ? leaf : leaf.toString('base64')
      // A text that is not base64 of a whole hash would leave bytes of the leaf before.
      if (!isHash(text) || place(0, size, text, 'base64') !== 32) {
        throw new RangeError('A leaf hash has 32 bytes.')
      }
      let number = size
      // No bit operators: they end at 2^31.
      for (let height = 0; number % 2 === 1; height += 1) {
        number = (number - 1) / 2
        // As Latin-1: the hash makes a string faster than a Buffer, and this is the one that is written fastest.
        place(height + 1, number, hash('sha256', levels[height] as Buffer, 'binary'), 'latin1')
      }
      size += 1
    },
    root() {
      let root: Buffer | undefined
      let number = size
      for (const level of levels) {
        const waits = number % 2 === 1
        const left = level.subarray(1, 33)
        if (waits) root = root === undefined ? Buffer.from(left) : nodeHash(left, root)
        number = (number - Number(waits)) / 2
      }
      return root ?? emptyRoot
    },
    copy: () =>
      treeOf(
        size,
        levels.map((level) => Buffer.from(level)),
      ),
  }
}

function rootOf(leaves: readonly Buffer[], from: number, to: number): Buffer {
  const tree = createTree()
  for (let at = from; at < to; at += 1) tree.append(leaves[at] as Buffer)
  return tree.root()
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  let split = 1
  while (split * 2 < count) split *= 2
  return split
}

/** RFC 6962 §2.1.1: the hashes beside the path from a leaf to the root of all given leaves, the leaf's neighbour first. */
export function inclusionProof(leaves: readonly Buffer[], index: number): Buffer[] {
  assertWithin(index, 0, leaves.length - 1, 'leaf')
  const proof: Buffer[] = []
  let [from, to] = [0, leaves.length]
  while (to - from > 1) {
    const middle = from + splitOf(to - from)
    if (index < middle) {
      proof.push(rootOf(leaves, middle, to))
      to = middle
    } else {
      proof.push(rootOf(leaves, from, middle))
      from = middle
    }
  }
  return proof.reverse()
}

/** RFC 6962 §2.1.2: shows that the tree of all given leaves has the tree of the first `oldSize` in it. */
export function consistencyProof(leaves: readonly Buffer[], oldSize: number): Buffer[] {
  assertWithin(oldSize, 0, leaves.length, 'tree')
  if (oldSize === 0) return []
  const proof: Buffer[] = []
  let [from, to] = [0, leaves.length]
  while (oldSize !== to) {
    const middle = from + splitOf(to - from)
    if (oldSize <= middle) {
      proof.push(rootOf(leaves, middle, to))
      to = middle
    } else {
      proof.push(rootOf(leaves, from, middle))
      from = middle
    }
  }
  // The old tree itself is left out: whoever checks has its root.
  if (from !== 0) proof.push(rootOf(leaves, from, to))
  return proof.reverse()
}

function assertWithin(value: number, least: number, most: number, what: string): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw new RangeError(`There is no such ${what}: ${value}.`)
}
