import { isDeepStrictEqual } from 'node:util'
import type { Json } from '../types.ts'

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function withoutUndefined(value: unknown): Json {
  if (Array.isArray(value)) {
    return value.map((one) => (one === undefined ? one : withoutUndefined(one)))
  }
  if (!isPlain(value)) return (value ?? null) as Json
  const present = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(present.map(([key, one]) => [key, withoutUndefined(one)]))
}

/**
 * What a tool's schema made of the arguments, as JSON has it: a property that is undefined is one that is not there, as
 * transforms leave it, an object without a prototype, as some schemas make it, is one like any other, and nothing at
 * all is `null`. Anything else that is no JSON stays, and is refused by the engine.
 */
export function asInput(value: unknown): Json {
  try {
    return withoutUndefined(value)
  } catch {
    // It contains itself, or is nested too deep to be looked through.
    return value as Json
  }
}

/** With 0 for -0, and plain objects for those without a prototype. */
function asJsonHasIt(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(asJsonHasIt)
  if (!isPlain(value)) return value
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
