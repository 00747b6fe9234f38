import { editMisfit, isSameInput, type Json, plainSchema } from '@lelu/engine/adapter'
import { asSchema, type ToolSet } from 'ai'

/** A tool of the app, of whatever input and output. */
export type AnyTool = ToolSet[string]

type Schemaed = { inputSchema?: Parameters<typeof asSchema>[0] }

const schemas = new WeakMap<object, Promise<Json | undefined>>()

async function readSchema(inputSchema: Schemaed['inputSchema']): Promise<Json | undefined> {
  try {
    return plainSchema((await asSchema(inputSchema).jsonSchema) as Json)
  } catch {
    return undefined
  }
}

/**
 * The tool's JSON Schema, so that a reviewer's edit can be checked. Undefined when there is none, or when the
 * schema says what JSON Schema cannot: then the engine refuses edits.
 */
export async function jsonSchemaOf({ inputSchema }: Schemaed): Promise<Json | undefined> {
  if (inputSchema === undefined) return undefined
  let kept = schemas.get(inputSchema)
  if (kept === undefined) {
    kept = readSchema(inputSchema)
    schemas.set(inputSchema, kept)
  }
  return kept
}

/**
 * Throws unless the tool's own schema takes an edited input as it stands. JSON Schema says less than zod does
 * (refinements, transforms), so what a reviewer wrote must pass here too before it runs.
 */
export async function assertFits({ inputSchema }: Schemaed, input: Json): Promise<void> {
  const { validate } = asSchema(inputSchema)
  const parsed = await validate?.(input)
  // A schema without a validator is a JSON Schema, which the engine has checked the edit against.
  if (parsed === undefined || (parsed.success && isSameInput(parsed.value, input))) return
  throw editMisfit()
}
