import type { Json } from '@lelu/engine/adapter'
import type { AgentTool } from './agent-tool.ts'

type JsonObject = { [key: string]: Json }

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What the tool took without a field does not need it: only what the model is shown requires every field. */
function loosen(schema: Json | undefined, values: readonly Json[]): Json | undefined {
  if (!isObject(schema)) return schema
  const loose = { ...schema }
  const objects = values.filter(isObject)
  const { required, properties, items, anyOf } = schema
  if (Array.isArray(required)) {
    loose.required = required.filter((key) =>
      objects.every((value) => Object.hasOwn(value, String(key))),
    )
  }
  if (isObject(properties)) {
    const entries = Object.entries(properties).map(([key, inner]) => {
      const inside = objects.flatMap((value) => (Object.hasOwn(value, key) ? [value[key]] : []))
      return [key, loosen(inner, inside as Json[]) ?? inner] as const
    })
    loose.properties = Object.fromEntries(entries)
  }
  if (isObject(items)) loose.items = loosen(items, values.filter(Array.isArray).flat()) ?? items
  if (isNullable(anyOf)) loose.anyOf = anyOf.map((inner) => loosen(inner, values) ?? inner)
  return loose
}

/** How the SDK shows an optional field. Other unions stay as they are: each of their forms needs its own fields. */
function isNullable(anyOf: Json | undefined): anyOf is Json[] {
  const isNull = (inner: Json) => isObject(inner) && inner.type === 'null'
  return Array.isArray(anyOf) && anyOf.length === 2 && anyOf.some(isNull)
}

/**
 * The JSON Schema that a reviewer's edit must pass. In strict mode the SDK shows optional fields as required ones that
 * may be null, and takes the nulls out again before the tool is run; the reviewer edits what the tool gets.
 */
export function editSchema({ parameters }: AgentTool, input: Json): Json | undefined {
  if (typeof parameters !== 'object' || parameters === null) return undefined
  // As text and back: plain data only.
  return loosen(JSON.parse(JSON.stringify(parameters)) as Json, [input])
}
