import {
  editMisfit,
  isSameInput,
  type Json,
  plainSchema,
  withoutDefaults,
} from '@lelu/engine/adapter'
import { asSchema, type ToolSet } from 'ai'

/** A tool of the app, of whatever input and output. */
export type AnyTool = ToolSet[string]

type Schemaed = { inputSchema?: Parameters<typeof asSchema>[0] }

const schemas = new WeakMap<object, Promise<Json | undefined>>()

async function readSchema(inputSchema: Schemaed['inputSchema']): Promise<Json | undefined> {
  try {
    const schema = plainSchema((await asSchema(inputSchema).jsonSchema) as Json)
    // Such a library has filled defaults in before the policy saw the input.
    return '~standard' in (inputSchema as object) ? plainSchema(withoutDefaults(schema)) : schema
  } catch {
    return undefined
  }
}

/**
 * The tool's JSON Schema for the record of a call, so that a reviewer's edit can be checked. Undefined when there is none, or when the
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

async function fits({ inputSchema }: Schemaed, input: Json): Promise<boolean> {
  const { validate } = asSchema(inputSchema)
  // A schema without a validator is a JSON Schema, which the engine has checked the edit against.
  if (validate === undefined) return true
  try {
    // A copy: a validator may fill in what is missing in the very object that it is given, and nobody decided on that.
    const parsed = await validate(structuredClone(input))
    return parsed.success && isSameInput(parsed.value, input)
  } catch {
    return false
  }
}

/**
 * Throws unless the tool's own schema takes an edited input as it stands. JSON Schema says less than zod does
 * (refinements, transforms), so what a reviewer wrote must pass here too before it runs.
 */
export async function assertFits(tool: Schemaed, input: Json): Promise<void> {
  if (!(await fits(tool, input))) throw editMisfit()
}
