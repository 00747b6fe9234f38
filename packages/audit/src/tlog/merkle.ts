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
 * `peaks` are the roots of the complete subtrees, the largest first: one for each bit of the size. As base64, which is how
 * leaves come: the hash makes a string in half the time of a Buffer.
 */
function treeOf(startSize: number, peaks: string[]): Tree {
  let size = startSize
  return {
    get size() {
      return size
    },
    append(leaf) {
      let top = typeof leaf === 'string' ? leaf : leaf.toString('base64')
      if (!isHash(top)) throw new RangeError('A leaf hash has 32 bytes.')
      // No bit operators: they end at 2^31.
      for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
        top = join(peaks.pop() as string, top)
      }
      peaks.push(top)
      size += 1
    },
    root() {
      const [top, ...rest] = peaks.toReversed()
      return top === undefined
        ? emptyRoot
        : Buffer.from(
            rest.reduce((right, left) => join(left, right), top),
            'base64',
          )
    },
    copy: () => treeOf(size, [...peaks]),
  }
}

function join(left: string, right: string): string {
  // A text that is not base64 of a whole hash would leave bytes of the pair before.
  if (pair.write(left, 1, 32, 'base64') + pair.write(right, 33, 32, 'base64') !== 64) {
    throw new RangeError('A leaf hash has 32 bytes.')
  }
  return hash('sha256', pair, 'base64')
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
