import type { AddedField } from '@lelu/confidence'
import type { Json } from '../types.ts'
import { invalidOptions } from './options.ts'

type JsonObject = { [key: string]: Json }

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where a schema says more about the same object. */
const parts = ['anyOf', 'oneOf', 'allOf', 'if', 'then', 'else']

/** What a pointer such as `#/$defs/order` leads to. */
function follow(root: Json, pointer: string): Json | undefined {
  if (!pointer.startsWith('#')) return undefined
  let found: Json | undefined = root
  for (const word of pointer.split('/').slice(1)) {
    const key = decodeURIComponent(word).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as JsonObject)[key]
  }
  return found
}

/** Whether an object of this schema may have the field. In a union, the tool has it if one of its forms has. */
function mayHave(
  schema: Json | undefined,
  name: string,
  root: Json,
  seen = new Set<Json>(),
): boolean {
  if (Array.isArray(schema)) return schema.some((one) => mayHave(one, name, root, seen))
  if (!isObject(schema) || seen.has(schema)) return false
  seen.add(schema)
  if (isObject(schema.properties) && Object.hasOwn(schema.properties, name)) return true
  if (typeof schema.$ref === 'string' && mayHave(follow(root, schema.$ref), name, root, seen))
    return true
  const { dependentSchemas } = schema
  if (isObject(dependentSchemas) && mayHave(Object.values(dependentSchemas), name, root, seen))
    return true
  return parts.some((part) => mayHave(schema[part], name, root, seen))
}

function repointed(part: Json, to: string): Json {
  if (Array.isArray(part)) return part.map((one) => repointed(one, to))
  if (!isObject(part)) return part
  const entries = Object.entries(part).map(([key, value]): [string, Json] =>
    key === '$ref' && value === '#' ? [key, to] : [key, repointed(value, to)],
  )
  return Object.fromEntries(entries)
}

/**
 * A schema that refers to its own root (`#`), as recursive ones do, with a copy of the root to refer to: else the field
 * would be asked for in every object within, and reach the tool.
 */
function withOwnRoot(base: JsonObject): JsonObject {
  const defs = isObject(base.$defs) ? base.$defs : {}
  let name = 'root'
  while (Object.hasOwn(defs, name)) name += '_'
  const moved = repointed(base, `#/$defs/${name}`) as JsonObject
  if (JSON.stringify(moved) === JSON.stringify(base)) return base
  const { $defs, definitions, $schema, $id, ...root } = moved
  return { ...moved, $defs: { ...(isObject($defs) && $defs), [name]: root } }
}

/** A tool's JSON Schema with one more required field. The schema that is given stays as it is. */
export function addField(schema: unknown, field: AddedField, tool: string): JsonObject {
  const base: JsonObject = withOwnRoot(isObject(schema) ? schema : { type: 'object' })
  const properties = isObject(base.properties) ? base.properties : {}
  if (mayHave(base, field.name, base)) {
    throw invalidOptions(
      `The tool ${tool} has a field \`${field.name}\` of its own, so the confidence cannot be asked for in it.`,
      'Give the reader another field name, such as selfReport({ field: "how_sure" }).',
    )
  }
  const required = Array.isArray(base.required) ? base.required : []
  return {
    ...base,
    properties: { ...properties, [field.name]: field.schema },
    required: [...required, field.name],
  }
}

/** Takes the added field out of what the model wrote, so that neither tool, policy nor reviewer sees it as input. */
export function takeField<T>(
  input: T,
  field: AddedField | undefined,
): { input: T; reported?: unknown } {
  if (field === undefined || !isObject(input) || !Object.hasOwn(input, field.name)) return { input }
  const { [field.name]: reported, ...rest } = input
  return { input: rest as T, reported }
}
