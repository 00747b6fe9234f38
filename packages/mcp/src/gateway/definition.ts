import { hash } from 'node:crypto'
import { canonicalJson } from '@lelu/audit'
import type { Json } from '@lelu/engine'
import type { JsonSchema } from '../surface/surface.ts'
import { hides, strippedText } from './stripped-text.ts'

/** What an upstream says of a tool: what a person trusts when the tool is pinned. Nothing else of it is used. */
export type Definition = {
  name: string
  title?: string
  description?: string
  inputSchema: JsonSchema
  outputSchema?: JsonSchema
  annotations?: { [key: string]: Json }
}

/** A definition with the SHA-256 (hex) of its canonical JSON (RFC 8785). */
export type PinnedDefinition = { sha256: string; definition: Definition }

/** The words of a definition, in which order they are written. */
const words = [
  'name',
  'title',
  'description',
  'inputSchema',
  'outputSchema',
  'annotations',
] as const
const maxName = 128
const maxBytes = 256 * 1024

const isObject = (value: unknown): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** SHA-256 (hex) of a definition. Throws for text that JSON cannot say, such as half a surrogate pair. */
export function definitionDigest(definition: Definition): string {
  return hash('sha256', canonicalJson(definition as unknown as Json), 'hex')
}

/** The definition of a tool as it was listed, or a sentence that says why it cannot be shown. */
export function readDefinition(listed: unknown): PinnedDefinition | string {
  if (!isObject(listed)) return 'it is not an object'
  const { name, inputSchema } = listed
  if (typeof name !== 'string' || name === '') return 'it has no name'
  if (name.length > maxName) return `its name is longer than ${maxName} characters`
  // Two names that look the same would be two tools to the policy and one to the person.
  if (hides(name)) return 'its name has invisible characters'
  if (!isObject(inputSchema) || inputSchema.type !== 'object') {
    return 'its input schema is not one of an object'
  }
  const given = words.flatMap((word) => {
    const value = Object.hasOwn(listed, word) ? listed[word] : undefined
    return value === undefined ? [] : [[word, value] as const]
  })
  try {
    const text = canonicalJson(Object.fromEntries(given))
    if (text.length > maxBytes) return `its definition is larger than ${maxBytes / 1024} KiB`
    const definition = JSON.parse(text) as Definition
    return isWhole(definition)
      ? { sha256: definitionDigest(definition), definition }
      : 'a part of its definition has the wrong type'
  } catch {
    return 'its definition is not JSON'
  }
}

/** The definitions of a list. `left` is told of every tool that cannot be shown. */
export function readDefinitions(
  listed: readonly unknown[],
  left: (why: string) => void,
): PinnedDefinition[] {
  const counts = new Map<string, number>()
  const read = listed.flatMap((one) => {
    const definition = readDefinition(one)
    if (typeof definition === 'string') {
      left(definition)
      return []
    }
    const { name } = definition.definition
    counts.set(name, (counts.get(name) ?? 0) + 1)
    return [definition]
  })
  return read.filter(({ definition: { name } }) => {
    if (counts.get(name) === 1) return true
    left('another has the same name, and nobody knows which one a call reaches')
    return false
  })
}

function isWhole({ title, description, outputSchema, annotations }: Definition): boolean {
  const isText = (value: unknown) => value === undefined || typeof value === 'string'
  const isRecord = (value: unknown) => value === undefined || isObject(value)
  return isText(title) && isText(description) && isRecord(outputSchema) && isRecord(annotations)
}

/** Keywords whose values are data and not words for a reader. */
const data = new Set(['enum', 'const', 'default', 'examples', 'pattern'])
/** Keywords whose members are named by the author: a property may be called `default`. */
const named = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
])

/** A schema as the model sees it: nothing hidden in its titles and descriptions. What it accepts stays the same. */
export function shownSchema(schema: JsonSchema): JsonSchema {
  return clean(schema, false) as JsonSchema
}

function clean(value: Json, areNames: boolean): Json {
  if (Array.isArray(value)) return value.map((one) => clean(one, false))
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([key, member]): [string, Json] => {
    if (areNames) return [key, clean(member, false)]
    if (data.has(key)) return [key, member]
    const isWords = (key === 'description' || key === 'title') && typeof member === 'string'
    return [key, isWords ? strippedText(member) : clean(member, named.has(key))]
  })
  return Object.fromEntries(members)
}
