import { emptyRoot, nodeHash } from './merkle.ts'

const isSize = (value: number) => Number.isSafeInteger(value) && value >= 0
const isHash = (bytes: Buffer) => bytes.length === 32
// No bit operators: they end at 2^31.
const isOdd = (value: number) => value % 2 === 1
const half = (value: number) => Math.floor(value / 2)

/** Whether the leaf stands at the index of the tree with this size and root (RFC 9162 §2.1.3.2). Never throws. */
export function verifyInclusion({
  leaf,
  index,
  size,
  proof,
  root,
}: {
  leaf: Buffer
  index: number
  size: number
  proof: readonly Buffer[]
  root: Buffer
}): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false
  if (![leaf, root, ...proof].every(isHash)) return false
  let [node, last, found] = [index, size - 1, leaf]
  for (const hash of proof) {
    // More hashes than this tree has levels.
    if (last === 0) return false
    if (isOdd(node) || node === last) {
      found = nodeHash(hash, found)
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      found = nodeHash(found, hash)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && found.equals(root)
}

/** Whether the new tree begins with all leaves of the old one (RFC 9162 §2.1.4.2). Never throws. */
export function verifyConsistency({
  oldSize,
  oldRoot,
  newSize,
  newRoot,
  proof,
}: {
  oldSize: number
  oldRoot: Buffer
  newSize: number
  newRoot: Buffer
  proof: readonly Buffer[]
}): boolean {
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) return false
  if (![oldRoot, newRoot, ...proof].every(isHash)) return false
  if (oldSize === newSize) {
    if (oldSize === 0 && !oldRoot.equals(emptyRoot)) return false
    return proof.length === 0 && oldRoot.equals(newRoot)
  }
  // Everything begins with nothing.
  if (oldSize === 0) return proof.length === 0 && oldRoot.equals(emptyRoot)

  let [node, last] = [oldSize - 1, newSize - 1]
  while (isOdd(node)) [node, last] = [half(node), half(last)]
  // An old tree that is complete is a node of the new one, and its root is not repeated in the proof.
  const [first, ...rest] = node === 0 ? [oldRoot, ...proof] : proof
  if (first === undefined) return false
  let [foundOld, foundNew] = [first, first]
  for (const hash of rest) {
    if (last === 0) return false
    if (isOdd(node) || node === last) {
      foundOld = nodeHash(hash, foundOld)
      foundNew = nodeHash(hash, foundNew)
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      foundNew = nodeHash(foundNew, hash)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && foundOld.equals(oldRoot) && foundNew.equals(newRoot)
}
