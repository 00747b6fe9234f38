import type { Json } from '../types.ts'

/** Freezes a JSON value in place, all the way down. */
export function deepFreeze<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const key of Object.keys(value)) deepFreeze((value as { [key: string]: Json })[key] as Json)
  return Object.freeze(value)
}
