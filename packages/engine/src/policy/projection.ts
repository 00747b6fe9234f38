import type { RegoInput } from '../types.ts'

type Tree = Map<string, Tree | null>

/**
 * Cuts an input down to the paths a policy reads, so that a 100 KB tool input costs no more than a small one.
 * The result shares its values with the input and is for serialising only. A path that meets anything but an
 * object keeps it whole: to every rule the cut input then looks like the full one.
 */
export function projectionOf(paths: string[][] | 'all'): (input: RegoInput) => object {
  if (paths === 'all') return (input) => input
  const tree: Tree = new Map()
  for (const path of paths) plant(tree, path)
  return (input) => project(input, tree)
}

function plant(tree: Tree, path: string[]): void {
  let node = tree
  for (const [index, key] of path.entries()) {
    const next = node.get(key)
    if (next === null) return // a shorter path covers this one
    if (index === path.length - 1) node.set(key, null)
    else if (next !== undefined) node = next
    else {
      const fresh: Tree = new Map()
      node.set(key, fresh)
      node = fresh
    }
  }
}

function project(value: object, tree: Tree): object {
  // Without a prototype, so that `__proto__` of a path is a key like any other.
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, below] of tree) {
    // Names in a policy or an input like `constructor` must not find what objects inherit.
    if (!Object.hasOwn(value, key)) continue
    const member: unknown = (value as Record<string, unknown>)[key]
    result[key] = below === null || !isObject(member) ? member : project(member, below)
  }
  return result
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
