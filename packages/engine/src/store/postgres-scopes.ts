import { hash } from 'node:crypto'
import { marksFrom } from './postgres-values.ts'
import type { Marks } from './store.ts'

/** In bytes. An index entry of PostgreSQL has 2,704 at most, and an agent's id of 1024 characters may have 3,072. */
const longest = 2500
const prefix = 'sha256:'

/** What a scope is stored as: itself, or the digest of a long one. One that looks like a digest gets one: none is another's. */
export function storedScope(scope: string): string {
  const fits = scope.length * 3 <= longest || Buffer.byteLength(scope) <= longest
  return fits && !scope.startsWith(prefix) ? scope : `${prefix}${hash('sha256', scope)}`
}

/** What to ask for. A long scope also as it is: PostgreSQL compresses some to what fits, and older versions stored them so. */
export function storedScopes(scopes: readonly string[]): string[] {
  return scopes.flatMap((scope) => {
    const stored = storedScope(scope)
    return stored === scope ? [scope] : [scope, stored]
  })
}

/** The marks of an answer by the scopes that were asked for. */
export function marksOfScopes(found: unknown, scopes: readonly string[]): Marks {
  const stored = marksFrom(found)
  const marks: Marks = Object.create(null)
  for (const scope of scopes) {
    const times = [stored[scope], stored[storedScope(scope)]].filter((time) => time !== undefined)
    if (times.length > 0) marks[scope] = Math.max(...times)
  }
  return marks
}
