import { toJsonSchema, Validator } from '@langchain/core/utils/json_schema'
import { interopSafeParseAsync, isInteropZodSchema } from '@langchain/core/utils/types'
import {
  asInput,
  editMisfit,
  isSameInput,
  type Json,
  plainSchema,
  withoutDefaults,
} from '@lelu/engine/adapter'

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

/**
 * Whether the schema makes the same of the same arguments. One that does not (a random id, the time of day) makes an
 * approved call another one when its thread goes on.
 */
export async function isSteady(tool: unknown, args: unknown, input: Json): Promise<boolean> {
  const again = await parseInput(tool, args)
  return !again.valid || isSameInput(again.input, input)
}

type Schemas = { shown: Json | undefined; recorded: Json | undefined }

const schemas = new WeakMap<object, Schemas>()
const none: Schemas = { shown: undefined, recorded: undefined }

function schemasOf(tool: unknown): Schemas {
  const schema = schemaOf(tool)
  if (typeof schema !== 'object' || schema === null) return none
  let kept = schemas.get(schema)
  if (kept === undefined) {
    kept = none
    try {
      const shown = plainSchema(toJsonSchema(schema as Parameters<typeof toJsonSchema>[0]) as Json)
      // Zod has filled them in before the policy saw the input.
      const recorded = isInteropZodSchema(schema) ? plainSchema(withoutDefaults(shown)) : shown
      kept = { shown, recorded }
    } catch {}
    schemas.set(schema, kept)
  }
  return kept
}

/**
 * The tool's JSON Schema, as a model is shown it. Undefined when there is none, or when the schema says what JSON Schema
 * cannot.
 */
export const jsonSchemaOf = (tool: unknown): Json | undefined => schemasOf(tool).shown

/**
 * The same for the record of a call: a reviewer's edit is checked with it (without one the engine refuses edits), and a
 * tool whose schema has changed is another tool.
 */
export const recordedSchemaOf = (tool: unknown): Json | undefined => schemasOf(tool).recorded

/**
 * Throws unless the tool's own schema takes an edited input as it stands. JSON Schema says less than zod does
 * (refinements, transforms), so what a reviewer wrote must pass here too before it runs.
 */
export async function assertFits(tool: unknown, input: Json): Promise<void> {
  const parsed = await parseInput(tool, input)
  if (parsed.valid && isSameInput(parsed.input, input)) return
  throw editMisfit()
}
