import { type Schema, Validator } from '@cfworker/json-schema'
import type { Json } from '@lelu/engine'
import type { JsonSchema } from '../surface/surface.ts'

type Check = (input: Json) => string | undefined

const checks = new WeakMap<JsonSchema, Check>()

function draftOf({ $schema }: JsonSchema): '2020-12' | '2019-09' | '7' | '4' {
  const uri = typeof $schema === 'string' ? $schema : ''
  if (uri.includes('2019-09')) return '2019-09'
  if (uri.includes('draft-07') || uri.includes('draft-06')) return '7'
  return uri.includes('draft-04') ? '4' : '2020-12'
}

/**
 * Why an input does not pass a schema: places and keywords, no values; undefined when it does. A schema that cannot be
 * applied lets nothing pass.
 */
export function inputFault(schema: JsonSchema, input: Json): string | undefined {
  let check = checks.get(schema)
  if (check === undefined) {
    check = makeCheck(schema)
    checks.set(schema, check)
  }
  return check(input)
}

function makeCheck(schema: JsonSchema): Check {
  const unusable = () => 'the schema of the tool cannot be applied'
  try {
    // A copy: the validator writes hidden members into the schema it is given.
    const validator = new Validator(structuredClone(schema) as Schema, draftOf(schema), false)
    return (input) => {
      try {
        const { valid, errors } = validator.validate(input)
        if (valid) return undefined
        const places = errors.map(
          ({ instanceLocation, keyword }) => `${instanceLocation} (${keyword})`,
        )
        return [...new Set(places)].slice(0, 8).join(', ') || 'it does not pass'
      } catch {
        return unusable()
      }
    }
  } catch {
    return unusable
  }
}
