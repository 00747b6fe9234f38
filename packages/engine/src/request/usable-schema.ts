import type { SchemaDraft } from '@cfworker/json-schema'
import type { Json } from '../types.ts'
import { namedSchemas } from './named-schemas.ts'

const drafts: readonly [pattern: string, draft: SchemaDraft][] = [
  ['draft-04', '4'],
  ['draft-06', '7'],
  ['draft-07', '7'],
  ['draft/2019-09', '2019-09'],
]

/**
 * A tool's JSON Schema as `@cfworker/json-schema` takes it, and the draft it is written in. A copy: the validator writes
 * hidden members into the schema it is given.
 */
export function usableSchema(schema: Json): { schema: Json; draft: SchemaDraft } {
  const isObject = typeof schema === 'object' && schema !== null && !Array.isArray(schema)
  const named = isObject && typeof schema.$schema === 'string' ? schema.$schema : ''
  const draft = drafts.find(([pattern]) => named.includes(pattern))?.[1] ?? '2020-12'
  return { schema: usablePatterns(schema), draft }
}

/** Keywords whose values are data. */
const data = new Set(['const', 'enum', 'default', 'examples'])

/**
 * A copy of a schema whose patterns are said as the validator takes them: as regular expressions in Unicode mode. There an
 * escape that none is needed for is an error (`^\d{3}\-\d{4}$`, `[\w\@]`), and JSON Schemas are full of them: a tool with
 * one could not be called at all. What such a pattern accepts stays the same; one that is no pattern without that mode
 * either is left as it is.
 */
function usablePatterns(schema: Json, areNames = false): Json {
  if (Array.isArray(schema)) return schema.map((one) => usablePatterns(one))
  if (typeof schema !== 'object' || schema === null) return schema
  const members = Object.entries(schema).map(([key, value]): [string, Json] => {
    if (areNames) return [key, usablePatterns(value)]
    if (data.has(key)) return [key, structuredClone(value)]
    if (key === 'pattern' && typeof value === 'string') return [key, usable(value)]
    return [key, usablePatterns(value, namedSchemas.has(key))]
  })
  return Object.fromEntries(members)
}

function usable(pattern: string): string {
  if (isPattern(pattern, 'u') || !isPattern(pattern, '')) return pattern
  const plain = withoutIdleEscapes(pattern)
  return isPattern(plain, 'u') ? plain : pattern
}

function isPattern(pattern: string, flags: string): boolean {
  try {
    new RegExp(pattern, flags)
    return true
  } catch {
    return false
  }
}

/** Letters, digits and the signs of regular expressions mean something else behind a backslash; a hyphen in a class only. */
function withoutIdleEscapes(pattern: string): string {
  let inClass = false
  return pattern.replace(/\\.|[[\]]/gs, (part) => {
    if (part.length === 1) inClass = part === '['
    else if (part === '\\-' ? !inClass : !/[A-Za-z0-9^$\\.*+?()[\]{}|/]/.test(part.slice(1)))
      return part.slice(1)
    return part
  })
}
