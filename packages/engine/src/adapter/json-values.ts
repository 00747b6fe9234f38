import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../types.ts'

/** With 0 for -0, and plain objects for those without a prototype. */
function asJsonHasIt(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(asJsonHasIt)
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asJsonHasIt(one)]))
}

/** Whether a tool gets the same input by both. JSON has one zero, so -0, as a schema may make it, is 0. */
export function isSameInput(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(one, other) || isDeepStrictEqual(asJsonHasIt(one), asJsonHasIt(other))
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

/**
 * The text of what was parsed from JSON. A number that no double holds stays one (1e999): as `null` it would pass a schema
 * that refuses it, and mean something else ("no limit").
 */
export function jsonText(value: Json): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    one === Infinity || one === -Infinity ? rawJSON(one > 0 ? '1e999' : '-1e999') : one,
  )
}
