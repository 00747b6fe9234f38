import { toWellFormed } from '../request/unicode.ts'
import type { Json } from '../types.ts'

const maxId = 128
const maxMessage = 400
const maxSeconds = 366 * 24 * 3600
const secondsOf = { s: 1, m: 60, h: 3600, d: 86_400 }

// Reasons may be built from what a model wrote: none of it may steer a terminal or break a line of a log.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const controls = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g

/** One line of at most 400 characters. */
export function plain(text: string): string {
  const line = toWellFormed(text.replace(controls, ' '))
  return line.length > maxMessage ? `${toWellFormed(line.slice(0, maxMessage - 1))}…` : line
}

/** A name that is one line already, of at most 128 characters. */
export function isId(text: string): boolean {
  return text !== '' && text.length <= maxId && plain(text) === text
}

/** A list of 1 to 100 names, each once. */
export function isNames(value: Json): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > 100) return false
  return (
    value.every((one) => typeof one === 'string' && isId(one)) &&
    new Set(value).size === value.length
  )
}

/** Milliseconds of a number of seconds, or of a text like `15m`, `24h`, `90s`, `7d`; 366 days at most. Null: not valid. */
export function readSpan(value: Json): number | null {
  const parts = typeof value === 'string' ? /^([1-9]\d{0,7})([smhd])$/.exec(value) : null
  const seconds = parts ? Number(parts[1]) * secondsOf[parts[2] as keyof typeof secondsOf] : value
  if (typeof seconds !== 'number' || !(seconds > 0 && seconds <= maxSeconds)) return null
  return Math.ceil(seconds * 1000)
}
