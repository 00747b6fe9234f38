import { jsonError, maxDepth } from './canonical-json.ts'
import { rememberShapes, sortedShape } from './shapes.ts'
import {
  makeRoom,
  shortText,
  type TextBytes,
  withTextBytes,
  writeAscii,
  writeBytes,
  writeInteger,
  writeText,
} from './text-bytes.ts'

/** The same text as `canonicalJson` for the same data, in one pass. Throws `LELU_JSON_INVALID`. */
export function jsonText(value: unknown): string {
  return withTextBytes((to) => {
    writeJson(to, value)
    return to.bytes.toString('utf8', 0, to.length)
  })
}

/** Writes `jsonText`. Each value is read once, so a getter cannot show one thing to a check and another to the text. */
export function writeJson(to: TextBytes, value: unknown, depth = 0): void {
  if (typeof value === 'string') writeString(to, value)
  else if (typeof value === 'object' && value !== null) writeContainer(to, value, depth)
  else if (Number.isSafeInteger(value)) writeInteger(to, value as number)
  else writeAscii(to, wordOf(value))
}

function wordOf(value: unknown): string {
  if (value === null || typeof value === 'boolean') return `${value}`
  if (typeof value !== 'number') throw jsonError(`it holds a ${typeof value}`)
  if (!Number.isFinite(value)) throw jsonError('a number is NaN or infinite')
  return `${value}`
}

const [quote, backslash, space, tilde] = [0x22, 0x5c, 0x20, 0x7e]
/** Printable ASCII that JSON writes as it is. */
const plain = /^[ !#-[\]-~]*$/

function writeString(to: TextBytes, value: string): void {
  const { length } = value
  const bytes = makeRoom(to, length + 2)
  let at = to.length
  bytes[at++] = quote
  if (length > shortText) {
    if (!plain.test(value)) {
      writeEscaped(to, value)
      return
    }
    at += bytes.write(value, at, 'latin1')
  } else {
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index)
      if (code < space || code > tilde || code === quote || code === backslash) {
        writeEscaped(to, value)
        return
      }
      bytes[at++] = code
    }
  }
  bytes[at++] = quote
  to.length = at
}

function writeEscaped(to: TextBytes, value: string): void {
  if (!value.isWellFormed()) throw jsonError('a string holds a lone surrogate')
  writeText(to, JSON.stringify(value))
}

function writeContainer(to: TextBytes, value: object, depth: number): void {
  if (depth > maxDepth) throw jsonError('it contains itself, or is nested too deeply')
  if (Array.isArray(value)) writeArray(to, value, depth)
  else writeObject(to, value, depth)
}

function writeArray(to: TextBytes, value: unknown[], depth: number): void {
  writeAscii(to, '[')
  for (let index = 0; index < value.length; index += 1) {
    if (index > 0) writeAscii(to, ',')
    writeJson(to, value[index], depth + 1) // a hole reads as undefined, which is refused
  }
  writeAscii(to, ']')
}

function writeObject(to: TextBytes, value: object, depth: number): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw jsonError('it holds a class instance')
  }
  const { sorted, labels } = shapeOf(Object.keys(value))
  const members = value as Record<string, unknown>
  if (sorted.length === 0) writeAscii(to, '{')
  for (let index = 0; index < sorted.length; index += 1) {
    writeBytes(to, labels[index] as Uint8Array)
    writeJson(to, members[sorted[index] as string], depth + 1)
  }
  writeAscii(to, '}')
}

const shapeOf = rememberShapes((names) => sortedShape(names, jsonText))
