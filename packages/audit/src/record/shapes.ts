/** The names of an object in the order of RFC 8785 §3.2.3, each with the text that stands before its value. */
export type Shape = {
  /** As `Object.keys` gave them. */
  readonly names: readonly string[]
  readonly sorted: readonly string[]
  /** `{"a":` for the first, `,"b":` for the others. */
  readonly labels: readonly Uint8Array[]
}

/** What is remembered stays small, whatever names somebody sends. */
const slotCount = 256
const mostNames = 64
const mostLetters = 64

/**
 * Answers what `make` makes of some names. Records are of a few shapes, so the last of each slot is remembered: to compare
 * names costs a fraction of sorting and escaping them.
 */
export function rememberShapes<S extends Pick<Shape, 'names'>>(
  make: (names: readonly string[]) => S,
): (names: readonly string[]) => S {
  const slots: (S | undefined)[] = new Array(slotCount).fill(undefined)
  return (names) => {
    const slot = slotOf(names)
    const known = slots[slot]
    if (known !== undefined && isSame(known.names, names)) return known
    const made = make(names)
    if (names.length <= mostNames && names.every(({ length }) => length <= mostLetters)) {
      slots[slot] = made
    }
    return made
  }
}

/** Any number will do: of two shapes in one slot the other is made again. */
function slotOf(names: readonly string[]): number {
  const { length } = names
  const first = names[0] ?? ''
  const last = names[length - 1] ?? ''
  const letters = first.length * 5 + last.length + first.charCodeAt(0) * 7 + last.charCodeAt(0) * 3
  return (length * 31 + letters) & (slotCount - 1)
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  if (one.length !== other.length) return false
  for (let index = 0; index < one.length; index += 1) {
    if (one[index] !== other[index]) return false
  }
  return true
}

/** `textOf` writes a name. They are sorted by UTF-16 code unit, which is the default of sort(). */
export function sortedShape(names: readonly string[], textOf: (name: string) => string): Shape {
  const sorted = names.toSorted()
  const labels = sorted.map((name, index) =>
    Buffer.from(`${index === 0 ? '{' : ','}${textOf(name)}:`),
  )
  return { names, sorted, labels }
}
