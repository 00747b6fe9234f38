/** Deeper than any tool's input, and far from where recursion ends. */
export const maxDepth = 64

/**
 * Whether a value is JSON in plain objects and arrays, at most `depth` deep, without a key `__proto__`. Against input
 * whose inherited members a tool would read while validation and digest saw only its own, and against nesting that
 * overflows the stack of whoever walks it. Walks without recursion.
 */
export function isPlainJson(value: unknown, depth: number = maxDepth): boolean {
  let level: unknown[] = [value]
  for (let left = depth; level.length > 0; left -= 1) {
    const next: unknown[] = []
    for (const node of level) {
      if (typeof node !== 'object' || node === null) continue
      if (left < 0 || !isPlain(node)) return false
      for (const child of Object.values(node)) next.push(child)
    }
    level = next
  }
  return true
}

function isPlain(node: object): boolean {
  if (Array.isArray(node)) return true
  const prototype: unknown = Object.getPrototypeOf(node)
  return (prototype === Object.prototype || prototype === null) && !Object.hasOwn(node, '__proto__')
}
