import { hash } from 'node:crypto'
import { canonicalJson } from '@lelu/audit'
import type { Json } from '@lelu/engine'
import { namedSchemas } from '@lelu/engine/adapter'
import { isPlainJson } from '../eras/plain-json.ts'
import { isObject } from '../is-object.ts'
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

/** SHA-256 (hex) of a definition. Throws for text that JSON cannot say, such as half a surrogate pair. */
export function definitionDigest(definition: Definition): string {
  return hash('sha256', canonicalJson(definition as unknown as Json), 'hex')
}

/** The same with its members sorted, for what people compare: a server may name them in another order each time. */
export function sortedDefinition(definition: Definition): Definition {
  return JSON.parse(canonicalJson(definition as unknown as Json)) as Definition
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
  const given = Object.fromEntries(
    words.flatMap((word) => {
      const value = Object.hasOwn(listed, word) ? listed[word] : undefined
      return value === undefined ? [] : [[word, value] as const]
    }),
  )
  try {
    const { length } = canonicalJson(given)
    if (length > maxBytes) return `its definition is larger than ${maxBytes / 1024} KiB`
    // In the server's own order: a model writes an input in the order of the properties, its reasons before its answer.
    const definition = JSON.parse(JSON.stringify(given)) as Definition
    return isWhole(definition)
      ? { sha256: definitionDigest(definition), definition }
      : 'a part of its definition has the wrong type'
  } catch {
    return 'its definition is not JSON'
  }
}

/** The definitions of a list. `tell` gets a sentence for each reason why tools are left out: a list may be of thousands. */
export function readDefinitions(
  listed: readonly unknown[],
  tell: (sentence: string) => void,
): PinnedDefinition[] {
  const left = new Map<string, number>()
  const counts = new Map<string, number>()
  const count = (of: Map<string, number>, key: string) => of.set(key, (of.get(key) ?? 0) + 1)
  const read = listed.flatMap((one) => {
    const found = readDefinition(one)
    const why = typeof found === 'string' ? found : (whyNeverDecided(found) ?? whyNeverRun(one))
    if (typeof found === 'string' || why !== undefined) {
      count(left, String(why))
      return []
    }
    count(counts, found.definition.name)
    return [found]
  })
  const clear = read.filter(({ definition: { name } }) => {
    if (counts.get(name) === 1) return true
    count(left, 'another has the same name, and nobody knows which one a call reaches')
    return false
  })
  for (const [why, tools] of left)
    tell(tools === 1 ? `a tool is left out: ${why}` : `${tools} tools are left out, each: ${why}`)
  return clear
}

/** The engine takes schemas of this many levels: to show a deeper one would be to refuse every call of it. */
const maxLevels = 64

/** Not part of `readDefinition`: what older versions pinned is still read. */
function whyNeverDecided({ definition: { inputSchema } }: PinnedDefinition): string | undefined {
  if (isPlainJson(inputSchema, maxLevels - 1)) return undefined
  return `its input schema has more than ${maxLevels} levels, and no call of it could be decided`
}

/** Tasks of 2025-11-25 are no part of the protocol any more, and a call without one is refused by such a tool. */
function whyNeverRun(listed: unknown): string | undefined {
  const { execution } = listed as { execution?: { taskSupport?: unknown } | null }
  if (execution?.taskSupport !== 'required') return undefined
  return 'it runs as a task only, as of 2025-11-25, and no call of it would run'
}

function isWhole({ title, description, outputSchema, annotations }: Definition): boolean {
  const isText = (value: unknown) => value === undefined || typeof value === 'string'
  const isRecord = (value: unknown) => value === undefined || isObject(value)
  return isText(title) && isText(description) && isRecord(outputSchema) && isRecord(annotations)
}

/** Keywords whose values are data and not words for a reader. */
const data = new Set(['enum', 'const', 'default', 'examples', 'pattern'])

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
    return [key, isWords ? strippedText(member) : clean(member, namedSchemas.has(key))]
  })
  return Object.fromEntries(members)
}
