import { frozenCopy } from '../request/frozen-copy.ts'
import { defaultLimits } from '../request/gate.ts'
import type { Json } from '../types.ts'

const copies = new WeakMap<object, Json>()

/**
 * A tool's JSON Schema as plain, frozen data: libraries attach hidden members to what they make. The same schema
 * gives the same copy, which the engine then takes as it is. Throws for a schema that JSON cannot say.
 */
export function plainSchema(schema: Json): Json {
  if (typeof schema !== 'object' || schema === null) return schema
  const known = copies.get(schema)
  if (known !== undefined) return known
  const copy = frozenCopy(JSON.parse(JSON.stringify(schema)), 'call.schema', defaultLimits)
  copies.set(schema, copy)
  copies.set(copy as object, copy)
  return copy
}
