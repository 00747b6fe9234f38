import { namedSchemas } from '../request/named-schemas.ts'
import type { Json } from '../types.ts'

/** Keywords whose value is data, and no schema. */
const data: ReadonlySet<string> = new Set(['const', 'enum', 'examples'])

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const mapped = (value: { [key: string]: Json }): Json =>
  Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withoutDefaults(one)]))

/**
 * A JSON Schema without the values that it names for what is left out. For the record of a call whose schema has filled them
 * in already, and may make them anew (an id, the date): in the next process the tool would be another one.
 */
export function withoutDefaults(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(withoutDefaults)
  if (!isObject(schema)) return schema
  const kept = Object.entries(schema).filter(([keyword]) => keyword !== 'default')
  return Object.fromEntries(
    kept.map(([keyword, value]): [string, Json] => {
      if (data.has(keyword)) return [keyword, value]
      return [
        keyword,
        namedSchemas.has(keyword) && isObject(value) ? mapped(value) : withoutDefaults(value),
      ]
    }),
  )
}
