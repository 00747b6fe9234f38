import type { Json } from '@lelu/engine'
import { withPending } from '../pending/words.ts'
import type { JsonSchema } from '../surface/surface.ts'
import { shownSchema } from './definition.ts'

/** By these a schema points to parts of itself from its root, which would be elsewhere one level down. */
const rooted = new Set(['$ref', '$dynamicRef', '$recursiveRef', '$id', '$anchor', '$dynamicAnchor'])

/**
 * The output schema that clients see of a tool: its own, or that of a call that waits for a person, for clients refuse a
 * result that does not fit. Undefined where the two cannot be put side by side: then none is shown.
 */
export function shownOutput(schema: JsonSchema | undefined): JsonSchema | undefined {
  // Clients of the legacy era want an object, and a validator of their own draft.
  if (schema?.type !== 'object') return undefined
  const { $schema: _draft, ...own } = schema
  return pointsToRoot(own) ? undefined : withPending(shownSchema(own))
}

function pointsToRoot(value: Json): boolean {
  if (Array.isArray(value)) return value.some(pointsToRoot)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, member]) => rooted.has(key) || pointsToRoot(member))
}
