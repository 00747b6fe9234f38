import { describe, expect, test } from 'vitest'
import { inputIssues } from '../../src/surface/check-input.ts'
import type { JsonSchema } from '../../src/surface/surface.ts'

/** Up to draft-07 nothing counts beside `$ref`; later everything does. */
const named = {
  type: 'object',
  properties: { name: { $ref: '#/definitions/text', maxLength: 1 } },
  definitions: { text: { type: 'string' } },
}

describe('an input is held against the schema of its tool', () => {
  test.each([
    ['http://json-schema.org/draft-06/schema#', 0],
    ['http://json-schema.org/draft-07/schema#', 0],
    ['https://json-schema.org/draft/2020-12/schema', 1],
    [undefined, 1],
  ])('in the draft it names: %s', (draft, issues) => {
    const schema = draft === undefined ? named : { $schema: draft, ...named }
    expect(inputIssues({ name: 'long' }, schema)).toHaveLength(issues)
    expect(inputIssues({ name: 1 }, schema).length).toBeGreaterThan(0)
  })

  test('and nothing is written into the schema, which is pinned and shown', () => {
    const schema: JsonSchema = { type: 'object', properties: { a: { type: 'number' } } }
    expect(inputIssues({ a: 1 }, schema)).toEqual([])
    const names = [schema, schema.properties].map((part) => Reflect.ownKeys(part as object))
    expect(names).toEqual([['type', 'properties'], ['a']])
  })

  test('and a schema that cannot be applied lets nothing pass', () => {
    const schema: JsonSchema = { type: 'object', properties: { a: { $ref: '#/nowhere' } } }
    expect(() => inputIssues({ a: 1 }, schema)).toThrow(
      expect.objectContaining({ code: 'LELU_MCP_SCHEMA_UNUSABLE' }),
    )
  })

  const doubled = (_: unknown, n: number): [string, JsonSchema] => {
    const next = { $ref: `#/$defs/l${n + 1}` }
    return [`l${n}`, n === 24 ? { type: 'string' } : { allOf: [next, next] }]
  }
  test.each<[what: string, schema: JsonSchema]>([
    ['goes back and forth in a text', { pattern: '(a+)+$' }],
    ['has a format that goes back and forth in a text', { format: 'url' }],
    [
      'is made of parts of parts of parts',
      { $ref: '#/$defs/l0', $defs: Object.fromEntries(Array.from({ length: 25 }, doubled)) },
    ],
  ])('and one that %s does not hold up the process, and lets nothing pass', (_what, part) => {
    const { $defs = {}, ...a } = part
    const schema: JsonSchema = { type: 'object', properties: { a }, $defs }
    expect(() => inputIssues({ a: `http://${'a'.repeat(34)}!` }, schema)).toThrow(
      expect.objectContaining({ code: 'LELU_MCP_SCHEMA_UNUSABLE' }),
    )
  })

  test('and an input of millions of parts does not hold up the process, however plain the schema', () => {
    const types = ['string', 'boolean', 'null', 'object', 'integer'].map((type) => ({ type }))
    const items = { anyOf: types }
    const schema: JsonSchema = { type: 'object', properties: { a: { type: 'array', items } } }
    expect(inputIssues({ a: new Array(1000).fill(0) }, schema)).toEqual([])
    expect(() => inputIssues({ a: new Array(2_000_000).fill(0) }, schema)).toThrow(
      expect.objectContaining({ code: 'LELU_MCP_SCHEMA_UNUSABLE' }),
    )
  })

  test('and one with patterns and parts says what is wrong as ever', () => {
    const schema: JsonSchema = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/name' } },
      $defs: { name: { pattern: '^[a-z]+$' } },
    }
    expect(inputIssues({ a: 'ok' }, schema)).toEqual([])
    expect(inputIssues({ a: 'No' }, schema)).toEqual([expect.stringContaining('pattern')])
  })

  test.each([
    ['^\\d{3}\\-\\d{4}$', '555-1234', '555.1234'],
    ['^[\\w\\-\\@\\_]+\\"$', 'a-b@c_"', 'a b"'],
    ['^[a\\-\\~]+$', 'a-~', 'abc'],
    ['^\\/\\\\\\#$', '/\\#', '/#'],
    ['^\\%\\\u{1f600}$', '%\u{1f600}', '\u{1f600}'],
  ])(
    'and a pattern with escapes that nobody needs is the same pattern: %s',
    (pattern, good, bad) => {
      const values = { pattern, const: { pattern } }
      const schema: JsonSchema = {
        type: 'object',
        properties: { a: { pattern }, pattern: { const: values } },
      }
      expect(() => new RegExp(pattern, 'u')).toThrow()
      expect(inputIssues({ a: good, pattern: values }, schema)).toEqual([])
      expect(inputIssues({ a: bad }, schema)).toEqual([expect.stringContaining('pattern')])
    },
  )

  test.each(['(a', '\\', '\\A[a-z]\\Z'])(
    'and one that is none lets nothing pass: %s',
    (pattern) => {
      const schema: JsonSchema = { type: 'object', properties: { a: { pattern } } }
      expect(() => inputIssues({ a: 'a' }, schema)).toThrow(
        expect.objectContaining({ code: 'LELU_MCP_SCHEMA_UNUSABLE' }),
      )
    },
  )

  test('and what is missing, and of which type a value should be, is named: the value never is', () => {
    const a = { type: ['string', 'null'] }
    const properties = { a, b: { type: 'object', required: ['c"."d'] } }
    const schema: JsonSchema = { type: 'object', properties, required: ['a', 'e', 'f\u001b'] }
    expect(inputIssues({ a: 4711, b: {} }, schema)).toEqual([
      '/: the required property e is missing',
      '/: the required property f? is missing',
      '/a: is not of type string or null',
      '/b: the required property c"."d is missing',
    ])
  })
})
