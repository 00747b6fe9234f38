import type { Json } from '../types.ts'
import { copyJson, type JsonLimits } from './copy-json.ts'
import { deepFreeze } from './deep-freeze.ts'

/** The copies made here, with the limits they passed. Nobody can add to it, and nobody can change one. */
const made = new WeakMap<object, JsonLimits>()

/**
 * `copyJson`, frozen all the way down. What was made here under limits as strict is taken as it is: a tool's schema
 * goes with every call, and is copied once.
 */
export function frozenCopy<T extends Json = Json>(
  value: unknown,
  root: string,
  limits: JsonLimits,
): T {
  const passed = typeof value === 'object' && value !== null ? made.get(value) : undefined
  if (passed && passed.maxBytes <= limits.maxBytes && passed.maxDepth <= limits.maxDepth) {
    return value as T
  }
  const copy = deepFreeze(copyJson(value, root, limits) as T)
  if (typeof copy === 'object' && copy !== null) made.set(copy, limits)
  return copy
}

/** A copy of plain JSON that its owner may change. */
export function thawedCopy(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(thawedCopy)
  const copy: { [key: string]: Json } = {}
  for (const key of Object.keys(value)) copy[key] = thawedCopy(value[key] as Json)
  return copy
}
