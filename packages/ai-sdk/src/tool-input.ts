import { editMisfit, isSameInput, type Json, plainSchema } from '@lelu/engine/adapter'
import { asSchema } from 'ai'

type Schemaed = { inputSchema?: Parameters<typeof asSchema>[0] }

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * What the SDK parsed, as JSON has it: a property that is undefined is one that is not there, as transforms leave it, and
 * an object without a prototype, as some schemas make it, is one like any other.
 * Anything else that is no JSON stays, and is refused by the engine.
 */
export function asInput(value: unknown): Json {
  if (Array.isArray(value)) return value.map((one) => (one === undefined ? one : asInput(one)))
  if (!isPlain(value)) return (value ?? null) as Json
  const present = Object.entries(value).filter(([, one]) => one !== undefined)
  return Object.fromEntries(present.map(([key, one]) => [key, asInput(one)]))
}

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
