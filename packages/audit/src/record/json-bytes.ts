import { jsonError, maxDepth } from './canonical-json.ts'
import { rememberShapes, sortedShape } from './shapes.ts'

/**
 * The same text as `canonicalJson` for the same data, in one pass: for the lines of the log, where it is the largest
 * cost. Each value is read once, so a getter cannot show one thing to a check and another to the text.
 */
export function jsonText(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return stringText(value)
    case 'number':
      if (!Number.isFinite(value)) throw jsonError('a number is NaN or infinite')
      return `${value}`
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (depth > maxDepth) throw jsonError('it contains itself, or is nested too deeply')
      return Array.isArray(value) ? arrayText(value, depth) : objectText(value, depth)
    default:
      throw jsonError(`it holds a ${typeof value}`)
  }
}

/** Printable ASCII that JSON writes as it is: nearly every text of a record, and much faster than to escape it. */
const plain = /^[ !#-[\]-~]*$/

function stringText(value: string): string {
  if (plain.test(value)) return `"${value}"`
  if (!value.isWellFormed()) throw jsonError('a string holds a lone surrogate')
  return JSON.stringify(value)
}

function arrayText(value: unknown[], depth: number): string {
  let text = '['
  for (let index = 0; index < value.length; index += 1) {
    if (index > 0) text += ','
    text += jsonText(value[index], depth + 1) // a hole reads as undefined, which is refused
  }
  return `${text}]`
}

function objectText(value: object, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw jsonError('it holds a class instance')
  }
  const { sorted, labels } = shapeOf(Object.keys(value))
  const members = value as Record<string, unknown>
  if (sorted.length === 0) return '{}'
  let text = ''
  for (let index = 0; index < sorted.length; index += 1) {
    text += (labels[index] as string) + jsonText(members[sorted[index] as string], depth + 1)
  }
  return `${text}}`
}

const shapeOf = rememberShapes((names) => sortedShape(names, stringText))
