import type { Json } from '@lelu/engine/adapter'
import type { AgentTool } from './agent-tool.ts'

type JsonObject = { [key: string]: Json }

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What the tool took without a field does not need it: only what the model is shown requires every field. The schema
 * itself where it fits as it is: a copy of its own for each call would have to be read anew each time.
 */
function loosen(schema: Json, values: readonly Json[]): Json {
  if (!isObject(schema)) return schema
  const objects = values.filter(isObject)
  const { required, properties, items, anyOf } = schema
  const loose: JsonObject = {}
  if (Array.isArray(required)) {
    loose.required = unlessSame(
      required,
      required.filter((key) => objects.every((value) => Object.hasOwn(value, String(key)))),
    )
  }
  if (isObject(properties)) loose.properties = loosenProperties(properties, objects)
  if (isObject(items)) loose.items = loosen(items, values.filter(Array.isArray).flat())
  if (isNullable(anyOf)) {
    loose.anyOf = unlessSame(
      anyOf,
      anyOf.map((inner) => loosen(inner, values)),
    )
  }
  const isLooser = Object.entries(loose).some(([key, value]) => value !== schema[key])
  return isLooser ? { ...schema, ...loose } : schema
}

function loosenProperties(properties: JsonObject, objects: readonly JsonObject[]): JsonObject {
  const loose: JsonObject = { ...properties }
  let isLooser = false
  for (const [key, inner] of Object.entries(properties)) {
    const inside = objects.flatMap((value) =>
      Object.hasOwn(value, key) ? [value[key] as Json] : [],
    )
    loose[key] = loosen(inner, inside)
    isLooser ||= loose[key] !== inner
  }
  return isLooser ? loose : properties
}

const unlessSame = (before: Json[], after: Json[]): Json[] =>
  after.length === before.length && after.every((one, index) => one === before[index])
    ? before
    : after

/** How the SDK shows an optional field. Other unions stay as they are: each of their forms needs its own fields. */
function isNullable(anyOf: Json | undefined): anyOf is Json[] {
  const isNull = (inner: Json) => isObject(inner) && inner.type === 'null'
  return Array.isArray(anyOf) && anyOf.length === 2 && anyOf.some(isNull)
}

/** Schemas as text and back: plain data only. */
const plain = new WeakMap<object, Json>()

/**
 * The JSON Schema that a reviewer's edit must pass. In strict mode the SDK shows optional fields as required ones that
 * may be null, and takes the nulls out again before the tool is run; the reviewer edits what the tool gets.
 */
export function editSchema({ parameters }: AgentTool, input: Json): Json | undefined {
  if (typeof parameters !== 'object' || parameters === null) return undefined
  const known = plain.get(parameters) ?? (JSON.parse(JSON.stringify(parameters)) as Json)
  plain.set(parameters, known)
  return loosen(known, [input])
}
