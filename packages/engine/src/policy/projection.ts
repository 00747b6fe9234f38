import type { RegoInput } from '../types.ts'

type Tree = Map<string, Tree | null>

/** One member to write: its key as JSON text with the colon, and what below it is written, or all of it. */
type Part = { key: string; label: string; below: Part[] | null }

/**
 * Writes the JSON text of the paths a policy reads, so that a 100 KB tool input costs no more than a small one.
 * A path that meets anything but an object keeps it whole: to every rule the cut input then looks like the full one.
 */
export function projectionOf(paths: string[][] | 'all'): (input: RegoInput) => string {
  if (paths === 'all') return (input) => JSON.stringify(input)
  const tree: Tree = new Map()
  for (const path of paths) plant(tree, path)
  const parts = partsOf(tree)
  return (input) => textOf(input, parts)
}

function partsOf(tree: Tree): Part[] {
  return [...tree].map(([key, below]) => ({
    key,
    label: `${JSON.stringify(key)}:`,
    below: below === null ? null : partsOf(below),
  }))
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

/** No object is built in between: that would cost more than the text itself. */
function textOf(value: object, parts: readonly Part[]): string {
  let text = '{'
  for (const { key, label, below } of parts) {
    // Names in a policy or an input like `constructor` must not find what objects inherit.
    if (!Object.hasOwn(value, key)) continue
    const member: unknown = (value as Record<string, unknown>)[key]
    if (member === undefined) continue
    if (text.length > 1) text += ','
    text += label
    text += below === null || !isObject(member) ? JSON.stringify(member) : textOf(member, below)
  }
  return `${text}}`
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
