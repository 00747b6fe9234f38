import type { Json } from '@lelu/engine'

/** Whether a value that was read from JSON is an object: neither an array nor null. */
export function isObject(value: unknown): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
