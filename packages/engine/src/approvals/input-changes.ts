import type { Json } from '../types.ts'

/** One place of an input that a reviewer changed: `from` is left out where it is new, `to` where it was taken out. */
export type InputChange = {
  /** JSON Pointer (RFC 6901); the empty text is the whole input. */
  path: string
  from?: Json
  to?: Json
}

type Container = { [key: string]: Json } | Json[]

const isContainer = (value: Json | undefined): value is Container =>
  typeof value === 'object' && value !== null

const pointer = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`

/** The smallest places in which two inputs differ, in the order of the first and then of the second. */
export function inputChanges(before: Json, after: Json): InputChange[] {
  const changes: InputChange[] = []
  compare(before, after, '')
  return changes

  function compare(from: Json | undefined, to: Json | undefined, path: string): void {
    if (isContainer(from) && isContainer(to) && Array.isArray(from) === Array.isArray(to)) {
      for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
        compare(own(from, key), own(to, key), path + pointer(key))
      }
      return
    }
    if (from === to) return
    changes.push({ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) })
  }
}

/** A name such as `constructor` must not find what every object inherits. */
function own(value: Container, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? (value as { [key: string]: Json })[key] : undefined
}
