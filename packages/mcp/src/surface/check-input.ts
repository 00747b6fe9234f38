import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema'
import type { Json } from '@lelu/engine'
import { limited, usableSchema } from '@lelu/engine/adapter'
import { LeluMcpError } from '../errors.ts'
import type { JsonSchema } from './surface.ts'

/** `length`: of the schema in characters; infinite where it may take years for an input of any size. */
type Check = { validator: Validator; length: number }

/** By the schema object: a surface that keeps its tools compiles each schema once. The one check there is, for both eras and the gateway. */
const checks = new WeakMap<JsonSchema, Check>()

/** By these a schema of a few lines may take years: by going back and forth in a text, over parts of parts, over pairs. */
const slow =
  /"(?:pattern|patternProperties|\$ref|\$dynamicRef|\$recursiveRef|uniqueItems)":|"format":"url"/
/** Of any other each part is applied to each part of the input, at most: so many of both take milliseconds. */
const mostQuick = 1_000_000
/** As long as a schema may be applied, ms. */
const mostMs = 1000

function checkOf(schema: JsonSchema): Check {
  const known = checks.get(schema)
  if (known !== undefined) return known
  const usable = usableSchema(schema)
  const validator = new Validator(usable.schema as Schema, usable.draft, false)
  const text = JSON.stringify(schema)
  const length = slow.test(text) ? Number.POSITIVE_INFINITY : text.length
  const made = { validator, length }
  checks.set(schema, made)
  return made
}

/** Beyond this many a model reads no more, and the answer only grows with the input. */
const maxIssues = 10

/**
 * What is wrong with an input, as JSON pointers and keywords: a value is never quoted, for it may be a secret that
 * would end up in a transcript. Throws `LELU_MCP_SCHEMA_UNUSABLE` where the schema itself cannot be applied, or takes longer than
 * a second: schemas of upstreams are theirs, and the process serves others.
 */
export function inputIssues(input: Json, schema: JsonSchema): string[] {
  const errors = validated(input, schema)
  // An error of a keyword that applies other keywords only repeats theirs, which come after it.
  const own = errors.filter(({ keyword }) => !applicators.has(keyword))
  const told = (own.length > 0 ? own : errors).map(describe)
  const distinct = [...new Set(told)]
  const more = distinct.length - maxIssues
  return more > 0 ? [...distinct.slice(0, maxIssues), `and ${more} more`] : distinct
}

const applicators = new Set(['properties', 'items', '$ref', 'allOf', 'prefixItems'])

function validated(input: Json, schema: JsonSchema): OutputUnit[] {
  try {
    const { validator, length } = checkOf(schema)
    const errors = () => validator.validate(input).errors
    return isAtMost(input, mostQuick / length) ? errors() : limited(mostMs, errors)
  } catch (error) {
    throw new LeluMcpError(
      'LELU_MCP_SCHEMA_UNUSABLE',
      'The input schema of this tool cannot be applied to this input, or not in time, so the input does not pass it.',
      { help: 'Whoever runs the server must correct the schema of the tool.', cause: error },
    )
  }
}

/** Whether an input has so many parts at most; 64 characters of a text count as one. Looks at no more of them. */
function isAtMost(input: Json, most: number): boolean {
  let left = most
  const open: Json[] = [input]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    left -= 1
    if (typeof part === 'string') left -= part.length / 64
    else if (typeof part === 'object' && part !== null) {
      const parts = Array.isArray(part) ? part : Object.values(part)
      left -= parts.length
      if (left >= 0) for (const one of parts) open.push(one)
    }
    if (left < 0) return false
  }
  return true
}

function describe({ instanceLocation, keyword, keywordLocation, error }: OutputUnit): string {
  const at = pointer(instanceLocation)
  // The validator says these two only in its text: words of the schema, which whoever calls has seen.
  const [, wanted] = /(?:required property|Expected) "(.*)"\.$/s.exec(error) ?? []
  if (keyword === 'additionalProperties' || keyword === 'unevaluatedProperties')
    return `${at}: has a property that is not allowed`
  if (keyword === 'required' && wanted !== undefined)
    return `${at}: the required property ${clean(wanted)} is missing`
  if (keyword === 'type' && wanted !== undefined)
    return `${at}: is not of type ${clean(wanted.replaceAll('", "', ' or '))}`
  if (keyword === 'false') return `${at}: is not allowed`
  return `${at}: does not meet ${keyword} (schema ${pointer(keywordLocation)})`
}

/** A pointer may contain names that the caller made up: control characters would steer a terminal, length hides the rest. */
function pointer(location: string): string {
  return clean(location.replace(/^#/, '') || '/')
}

function clean(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
  return printable.length > 120 ? `${printable.slice(0, 120)}…` : printable
}
