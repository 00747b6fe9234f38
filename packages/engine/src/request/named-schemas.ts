/**
 * Keywords of JSON Schema whose members are schemas under names of the author's own, of which one may be `default` or
 * `pattern`: whoever walks through a schema must not take such a name for a keyword.
 */
export const namedSchemas: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  'dependentSchemas',
  '$defs',
  'definitions',
])
