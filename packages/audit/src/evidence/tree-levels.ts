import { hashBytes } from '../tlog/leaves.ts'
import { nodeHash } from '../tlog/merkle.ts'

/**
 * Inclusion proofs (RFC 6962 §2.1.1) of many leaves in the tree of the first `size`, each in O(log n): every complete
 * subtree is hashed once.
 */
export function proofsIn(leaves: Buffer, size: number): (index: number) => Buffer[] {
  const levels = [leaves.subarray(0, size * hashBytes)]
  for (let below = levels[0] as Buffer; below.length >= 2 * hashBytes; ) {
    const pairs = Math.floor(below.length / (2 * hashBytes))
    const level = Buffer.allocUnsafe(pairs * hashBytes)
    for (let at = 0; at < pairs; at += 1) {
      nodeHash(hashAt(below, 2 * at), hashAt(below, 2 * at + 1)).copy(level, at * hashBytes)
    }
    levels.push(level)
    below = level
  }

  function rootOf(from: number, to: number): Buffer {
    const level = Math.log2(to - from)
    // Subtrees of RFC 6962 begin at multiples of their size, so a complete one is in its level.
    if (Number.isInteger(level)) return hashAt(levels[level] as Buffer, from / (to - from))
    const middle = from + splitOf(to - from)
    return nodeHash(rootOf(from, middle), rootOf(middle, to))
  }

  return (index) => {
    const proof: Buffer[] = []
    let [from, to] = [0, size]
    while (to - from > 1) {
      const middle = from + splitOf(to - from)
      if (index < middle) {
        proof.unshift(rootOf(middle, to))
        to = middle
      } else {
        proof.unshift(rootOf(from, middle))
        from = middle
      }
    }
    return proof
  }
}

const hashAt = (level: Buffer, index: number): Buffer =>
  level.subarray(index * hashBytes, (index + 1) * hashBytes)

/** The largest power of two below. */
function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}
