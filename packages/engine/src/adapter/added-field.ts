import type { AddedField } from '@lelu/confidence'
import type { Json } from '../types.ts'
import { invalidOptions } from './options.ts'

type JsonObject = { [key: string]: Json }

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A tool's JSON Schema with one more required field. The schema that is given stays as it is. */
export function addField(schema: unknown, field: AddedField, tool: string): JsonObject {
  const base: JsonObject = isObject(schema) ? schema : { type: 'object' }
  const properties = isObject(base.properties) ? base.properties : {}
  if (Object.hasOwn(properties, field.name)) {
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
