import type { Json } from './types.ts'
import { isWellFormed } from './unicode.ts'

const deepest = 500

/**
 * JSON text with sorted keys, so that equal values give equal bytes.
 * Throws a TypeError for anything that is not plain JSON, naming where it is but never its value.
 */
export function canonicalJson(value: unknown, name: string): string {
  return write(value, name, 0)
}

/** A copy that the caller's later changes, getters and toJSON cannot reach, and its canonical text. */
export function snapshotJson(value: unknown, name: string): { value: Json; text: string } {
  const text = canonicalJson(value, name)
  return { value: JSON.parse(text), text }
}

function write(value: unknown, at: string, depth: number): string {
  if (depth > deepest) throw new TypeError(`${at.slice(0, 60)}… is nested deeper than ${deepest}`)
  switch (typeof value) {
    case 'boolean':
      return String(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${at} is not a finite number`)
      return JSON.stringify(value)
    case 'string':
      if (!isWellFormed(value)) throw new TypeError(`${at} is not valid Unicode`)
      return JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      return Array.isArray(value) ? writeArray(value, at, depth) : writeObject(value, at, depth)
    default:
      throw new TypeError(`${at} is a ${typeof value}, which JSON does not have`)
  }
}

function writeArray(value: unknown[], at: string, depth: number): string {
  // Array.from also visits the holes of a sparse array, which then are refused as undefined.
  const items = Array.from(value, (item, index) => write(item, `${at}[${index}]`, depth + 1))
  return `[${items.join(',')}]`
}

function writeObject(value: object, at: string, depth: number): string {
  const prototype = Object.getPrototypeOf(value)
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null
  if (!plain || Object.prototype.toString.call(value) !== '[object Object]') {
    throw new TypeError(`${at} is not a plain object`)
  }
  const members = Object.keys(value)
    .sort()
    .map((key) => {
      if (!isWellFormed(key)) throw new TypeError(`a key of ${at} is not valid Unicode`)
      const member = (value as Record<string, unknown>)[key]
      return `${JSON.stringify(key)}:${write(member, `${at}.${key}`, depth + 1)}`
    })
  return `{${members.join(',')}}`
}
