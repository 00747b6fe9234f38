import type { Json } from '../types.ts'
import { inputTooLarge, requestInvalid } from './request-error.ts'
import { isWellFormed } from './unicode.ts'

/** `maxBytes` bounds the canonical text, `maxDepth` the nesting of arrays and objects. */
export type JsonLimits = { maxBytes: number; maxDepth: number }

/** One key of a path, a link to the path before it: text is made of it only when there is something to report. */
type Path = { parent: Path | string; key: string | number }

type Walk = {
  root: string
  limits: JsonLimits
  /** Never more than the canonical text will have. Stops shared references that would unfold without end. */
  atLeastBytes: number
  /** The objects on the way down, by which a cycle is told from mere depth. */
  ancestors: object[]
}

const jsonHelp =
  'Pass plain JSON: null, booleans, finite numbers, strings, arrays and plain objects.'
const plainKey = /^[A-Za-z_$][\w$]*$/

function pathText(path: Path | string): string {
  if (typeof path === 'string') return path
  const before = pathText(path.parent)
  if (typeof path.key === 'number') return `${before}[${path.key}]`
  // Keys come from a model: no control character of theirs may reach a terminal, nor a megabyte a message.
  const shown = path.key.length > 64 ? `${path.key.slice(0, 64)}…` : path.key
  return plainKey.test(path.key) ? `${before}.${path.key}` : `${before}[${JSON.stringify(shown)}]`
}

/**
 * Copies plain JSON out of a live value, reading each member once and running none of its code, so that neither
 * a getter nor a later change can put another input in place of the checked one. Throws LELU_REQUEST_INVALID
 * with the path of what JSON, or another language's reader of it, would not carry; LELU_INPUT_TOO_LARGE.
 */
export function copyJson(value: unknown, root: string, limits: JsonLimits): Json {
  return copy(value, root, 0, { root, limits, atLeastBytes: 0, ancestors: [] })
}

function copy(value: unknown, path: Path | string, depth: number, walk: Walk): Json {
  switch (typeof value) {
    case 'string':
      count(walk, value.length + 2)
      if (!isWellFormed(value))
        throw refuse(path, 'holds half of a surrogate pair, which is not Unicode text')
      return value
    case 'number':
      return copyNumber(value, path, walk)
    case 'boolean':
      count(walk, 4)
      return value
    case 'object':
      if (value === null) {
        count(walk, 4)
        return null
      }
      return copyContainer(value, path, depth, walk)
    case 'undefined':
      throw refuse(path, 'is undefined', 'Leave the member out, or pass null.')
    default:
      throw refuse(path, `is a ${typeof value}, which JSON does not have`)
  }
}

function copyNumber(value: number, path: Path | string, walk: Walk): number {
  count(walk, 1)
  if (!Number.isFinite(value)) throw refuse(path, 'is not a finite number')
  // Above 2^53 - 1 two integers share one double: what was decided would not be what another reader runs.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw refuse(
      path,
      'is an integer beyond 2^53 - 1, which would lose digits',
      'Pass it as a string.',
    )
  }
  return value === 0 ? 0 : value // JSON text has no -0
}

function copyContainer(value: object, path: Path | string, depth: number, walk: Walk): Json {
  if (depth >= walk.limits.maxDepth) {
    const cycle = new Set(walk.ancestors).size < walk.ancestors.length
    throw refuse(path, cycle ? 'contains itself' : `is nested deeper than ${walk.limits.maxDepth}`)
  }
  count(walk, 2)
  walk.ancestors.push(value)
  const result = Array.isArray(value)
    ? copyArray(value, path, depth, walk)
    : copyObject(value, path, depth, walk)
  walk.ancestors.pop()
  return result
}

function copyArray(value: unknown[], path: Path | string, depth: number, walk: Walk): Json[] {
  const { length } = value
  if (length > 1) count(walk, length - 1) // the commas
  const result: Json[] = []
  for (let index = 0; index < length; index++) {
    result.push(copyMember(value, index, path, depth, walk))
  }
  // A key beside the indexes would be dropped without a word.
  if (Reflect.ownKeys(value).length !== length + 1)
    throw refuse(path, 'is an array with keys of its own')
  return result
}

function copyObject(value: object, path: Path | string, depth: number, walk: Walk): Json {
  if (!isPlain(value)) throw refuse(path, 'is an instance of a class, not a plain object')
  const result: { [key: string]: Json } = {}
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol') throw refuse(path, 'has a symbol as a key')
    // As a key it is data to JSON.parse and a prototype to an assignment: tools further on would be polluted.
    if (key === '__proto__') throw refuse(path, 'has the key `__proto__`', 'Rename the key.')
    count(walk, key.length + 3)
    if (!isWellFormed(key)) throw refuse(path, 'has a key that is not Unicode text')
    result[key] = copyMember(value, key, path, depth, walk)
  }
  return result
}

function copyMember(
  owner: object,
  key: string | number,
  parent: Path | string,
  depth: number,
  walk: Walk,
): Json {
  const path: Path = { parent, key }
  const member = Object.getOwnPropertyDescriptor(owner, key)
  if (member === undefined) throw refuse(path, 'is a hole in an array', 'Pass null in its place.')
  if (!('value' in member)) throw refuse(path, 'is a getter', 'Pass the value itself.')
  if (!member.enumerable) throw refuse(path, 'is hidden (not enumerable)')
  return copy(member.value, path, depth + 1, walk)
}

/** Plain objects of another realm (a vm context, a test runner's) have another Object.prototype. */
export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) return true
  return (
    Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
  )
}

function count(walk: Walk, bytes: number): void {
  walk.atLeastBytes += bytes
  if (walk.atLeastBytes > walk.limits.maxBytes) throw inputTooLarge(walk.root, walk.limits.maxBytes)
}

function refuse(path: Path | string, why: string, help: string = jsonHelp): Error {
  return requestInvalid(pathText(path), why, help)
}
