import { toJsonSchema, Validator } from '@langchain/core/utils/json_schema'
import { interopSafeParseAsync, isInteropZodSchema } from '@langchain/core/utils/types'
import { asInput, editMisfit, isSameInput, type Json, plainSchema } from '@lelu/engine/adapter'

export type ParsedInput = { valid: true; input: Json } | { valid: false }

function schemaOf(tool: unknown): unknown {
  return typeof tool === 'object' && tool !== null
    ? (tool as { schema?: unknown }).schema
    : undefined
}

/** The arguments of a tool call that has this input: always an object. */
export function argsOf(input: Json): { [key: string]: Json } {
  return typeof input === 'object' && input !== null && !Array.isArray(input) ? input : { input }
}

/**
 * What the tool would get for these arguments: defaults set, values coerced, transformed once. The policy decides
 * on this, not on the model's raw arguments. Without a schema the raw arguments are it.
 */
export async function parseInput(tool: unknown, args: unknown): Promise<ParsedInput> {
  const schema = schemaOf(tool)
  if (schema === undefined || schema === null) return { valid: true, input: asInput(args) }
  try {
    if (isInteropZodSchema(schema)) {
      const parsed = await interopSafeParseAsync(schema, args)
      return parsed.success ? { valid: true, input: asInput(parsed.data) } : { valid: false }
    }
    const { valid } = new Validator(schema as ConstructorParameters<typeof Validator>[0]).validate(
      args,
    )
    return valid ? { valid, input: asInput(args) } : { valid: false }
  } catch {
    return { valid: false }
  }
}

const schemas = new WeakMap<object, { plain: Json | undefined }>()

/**
 * The tool's JSON Schema, so that a reviewer's edit can be checked. Undefined when there is none, or when the
 * schema says what JSON Schema cannot: then the engine refuses edits.
 */
export function jsonSchemaOf(tool: unknown): Json | undefined {
  const schema = schemaOf(tool)
  if (typeof schema !== 'object' || schema === null) return undefined
  let kept = schemas.get(schema)
  if (kept === undefined) {
    kept = { plain: undefined }
    try {
      kept.plain = plainSchema(toJsonSchema(schema as Parameters<typeof toJsonSchema>[0]) as Json)
    } catch {}
    schemas.set(schema, kept)
  }
  return kept.plain
}

/**
 * Throws unless the tool's own schema takes an edited input as it stands. JSON Schema says less than zod does
 * (refinements, transforms), so what a reviewer wrote must pass here too before it runs.
 */
export async function assertFits(tool: unknown, input: Json): Promise<void> {
  const parsed = await parseInput(tool, input)
  if (parsed.valid && isSameInput(parsed.input, input)) return
  throw editMisfit()
}
